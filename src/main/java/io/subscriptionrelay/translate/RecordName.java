package io.subscriptionrelay.translate;

import io.subscriptionrelay.mapping.Destination.Description;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which of an event's records a record is, by what it is and not by its place: a setting that adds a record before it moves it, and a replay must
 * still find it.
 *
 * @param kind what kind of record, see {@link Description#kind}
 * @param user a number made of the id of the user that it is about; not the id, which is personal
 * @param number of those of this kind about this user, from 1
 * @param ofKind how many of this kind the event has, about whichever users
 */
record RecordName(String kind, String user, int number, int ofKind) {

    private static final Pattern WRITTEN = Pattern.compile("\\A([^/]{1,40})/([0-9a-f]{1,8})/([0-9]{1,9})/([0-9]{1,9})");

    /** The names of an event's records, in their order. */
    static List<RecordName> of(List<Description> records) {
        Map<String, Integer> ofKind = new HashMap<>();
        records.forEach(record -> ofKind.merge(record.kind(), 1, Integer::sum));
        Map<String, Integer> numbers = new HashMap<>();
        List<RecordName> names = new ArrayList<>(records.size());
        for (Description record : records) {
            String user = Integer.toHexString(record.user().hashCode());
            names.add(new RecordName(record.kind(), user, numbers.merge(record.kind() + '/' + user, 1, Integer::sum), ofKind.get(record.kind())));
        }
        return names;
    }

    /** Reads what {@link #toString} wrote; null for anything else. */
    static RecordName parse(String text) {
        Matcher parts = text == null ? null : WRITTEN.matcher(text);
        return parts == null || !parts.matches() ? null
                : new RecordName(parts.group(1), parts.group(2), Integer.parseInt(parts.group(3)), Integer.parseInt(parts.group(4)));
    }

    /**
     * The place of this record among those that are made today, or -1 when it is made no longer. The only one of its kind is the same whoever it is
     * about: how users are addressed is a setting, too.
     */
    int in(List<RecordName> today) {
        for (int place = 0; place < today.size(); place++) {
            RecordName other = today.get(place);
            if (other.kind.equals(kind) && (other.ofKind == 1 && ofKind == 1 || other.user.equals(user) && other.number == number)) {
                return place;
            }
        }
        return -1;
    }

    @Override
    public String toString() {
        return kind + '/' + user + '/' + number + '/' + ofKind;
    }
}
