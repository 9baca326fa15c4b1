package io.subscriptionrelay.pages;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Numbers and times as people read them; templates use it as {@code words}. */
public class Words {

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss 'UTC'", Locale.ROOT).withZone(ZoneOffset.UTC);

    /** A count, in full: {@code 1,204}. */
    public String full(Number number) {
        return String.format(Locale.ROOT, "%,d", number.longValue());
    }

    /** A count in little room: {@code 950}, {@code 1.2k}, {@code 3.4M}. */
    public String brief(Number number) {
        double value = number.doubleValue();
        return value < 10_000 ? full(Math.round(value)) : value < 999_500 ? rounded(value / 1000) + "k" : rounded(value / 1_000_000) + "M";
    }

    private static String rounded(double value) {
        return value < 100 ? String.format(Locale.ROOT, "%.1f", value) : Long.toString(Math.round(value));
    }

    /** {@code 3 webhooks}, {@code 1 webhook}. */
    public String count(Number number, String one) {
        return full(number) + " " + one + (number.longValue() == 1 ? "" : "s");
    }

    /** How long: {@code 40 s}, {@code 12 min}, {@code 3 h}, {@code 2 d}. */
    public String span(Number seconds) {
        double value = seconds.doubleValue();
        return value < 10 ? String.format(Locale.ROOT, value < 1 && value > 0 ? "%.1f s" : "%.0f s", value) : value < 100 ? Math.round(value) + " s"
                : value < 6000 ? Math.round(value / 60) + " min" : value < 172_800 ? Math.round(value / 3600) + " h" : Math.round(value / 86_400) + " d";
    }

    /** A time in UTC, which the script makes relative and puts into the browser's zone. */
    public String time(String iso) {
        return TIME.format(Instant.parse(iso));
    }

    /** {@code many reasons} without its end when it is longer than this. */
    public String cut(String text, int length) {
        return text == null || text.length() <= length ? text : text.substring(0, length - 1) + "…";
    }
}
