package io.subscriptionrelay.history;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;
import org.apache.lucene.document.BinaryDocValuesField;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.FieldType;
import org.apache.lucene.document.LongPoint;
import org.apache.lucene.document.NumericDocValuesField;
import org.apache.lucene.document.StoredField;
import org.apache.lucene.index.BinaryDocValues;
import org.apache.lucene.index.DocValues;
import org.apache.lucene.index.DocValuesType;
import org.apache.lucene.index.IndexOptions;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.NumericDocValues;
import org.apache.lucene.index.ReaderUtil;
import org.apache.lucene.index.SortedDocValues;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.util.BytesRef;
import org.apache.lucene.util.NumericUtils;

/**
 * Events and outcomes as documents of an index, one each. Content is stored; everything else lies in columns, so that content which nobody
 * asks for is not unpacked. An outcome is tied to its event by a number made of a hash.
 */
final class HistoryDocuments {

    static final String KIND = "kind";
    /** Provider and key of the event, also of an outcome's. */
    static final String EVENT = "event";
    /** Key of the event alone. */
    static final String ID = "id";
    static final String KEY = "key";
    static final String RECEIVED = "received";
    static final String PROVIDER = "provider";
    static final String TYPE = "type";
    /** See {@link EventTerms}. */
    static final String TERM = "term";
    static final String OUTCOME = "outcome";
    static final String STEP = "step";
    static final String DESTINATION = "destination";
    static final String ACCOUNT = "account";
    private static final String AT = "at";
    private static final String PART = "part";
    private static final String ATTEMPTS = "attempts";
    private static final String REASON = "reason";
    private static final String PARKED = "parked";
    private static final String BATCH = "batch";
    private static final String RAW_ID = "rawId";
    private static final String WEBHOOK = "webhook";
    private static final String ATTRIBUTES = "attributes";
    private static final String RECORD = "record";
    private static final String STATUS = "status";
    private static final String ANSWER = "answer";

    static final Term EVENTS = new Term(KIND, "event");
    static final Term OUTCOMES = new Term(KIND, "outcome");
    /** Of those events whose content is forgotten. */
    static final Term FORGOTTEN = new Term(KIND, "forgotten");
    static final Term TOO_LARGE = new Term(TERM, EventTerms.MORE);
    /** A term, and a column of it. */
    private static final FieldType NAME = type(DocValuesType.SORTED);
    private static final FieldType ONLY_TERM = type(DocValuesType.NONE);

    private HistoryDocuments() {
    }

    private static FieldType type(DocValuesType column) {
        FieldType type = new FieldType();
        type.setIndexOptions(IndexOptions.DOCS);
        type.setOmitNorms(true);
        type.setTokenized(false);
        type.setDocValuesType(column);
        type.freeze();
        return type;
    }

    static long number(String provider, String key) {
        return EventKey.number(provider + '\n' + key);
    }

    static BytesRef bytes(long number) {
        byte[] bytes = new byte[Long.BYTES];
        NumericUtils.longToSortableBytes(number, bytes, 0);
        return new BytesRef(bytes);
    }

    static Term batch(String id) {
        return new Term(BATCH, id);
    }

    /** Says that a batch is in this index. */
    static Document of(String batch) {
        Document document = new Document();
        document.add(new Field(BATCH, new BytesRef(batch), ONLY_TERM));
        return document;
    }

    static Document of(HistoryEvent event) {
        String key = event.key();
        Document document = document(event, EVENTS, number(event.provider(), key), key, key);
        if (!key.equals(event.eventId()) && event.eventId() != null) {
            document.add(new StoredField(RAW_ID, event.eventId()));
        }
        store(document, ATTRIBUTES, event.attributes());
        if (event.webhook() != null) {
            store(document, WEBHOOK, event.webhook());
            Set<String> terms = EventTerms.of(event.webhook());
            for (String term : terms) {
                document.add(new Field(TERM, new BytesRef(term), ONLY_TERM));
            }
        }
        return document;
    }

    /**
     * What stays of an event whose content is forgotten. It is found by its former key, because it may come again, and by the new one.
     *
     * @param key by which it is shown from now on
     */
    static Document forgotten(HistoryEvent event, String key) {
        Document document = document(event, EVENTS, number(event.provider(), event.key()), event.key(), key);
        document.add(new Field(KIND, FORGOTTEN.bytes(), ONLY_TERM));
        if (!key.equals(event.key())) {
            document.add(new Field(ID, bytes(EventKey.number(key)), ONLY_TERM));
        }
        return document;
    }

    private static Document document(HistoryEvent event, Term kind, long number, String key, String shownKey) {
        Document document = document(kind, number, event.receivedAt());
        document.add(new Field(ID, bytes(EventKey.number(key)), ONLY_TERM));
        document.add(new BinaryDocValuesField(KEY, new BytesRef(shownKey)));
        name(document, PROVIDER, event.provider());
        name(document, TYPE, event.type());
        return document;
    }

    private static Document document(Term kind, long number, long receivedAt) {
        Document document = new Document();
        document.add(new Field(KIND, kind.bytes(), ONLY_TERM));
        document.add(new Field(EVENT, bytes(number), ONLY_TERM));
        document.add(new NumericDocValuesField(EVENT, number));
        document.add(new LongPoint(RECEIVED, receivedAt));
        document.add(new NumericDocValuesField(RECEIVED, receivedAt));
        return document;
    }

    static Document of(HistoryOutcome outcome) {
        return of(outcome, number(outcome.provider(), outcome.key()), true);
    }

    /** Without record and answer. */
    static Document forgotten(HistoryOutcome outcome, long event) {
        return of(outcome, event, false);
    }

    private static Document of(HistoryOutcome outcome, long event, boolean content) {
        Document document = document(OUTCOMES, event, outcome.receivedAt());
        document.add(new NumericDocValuesField(AT, outcome.at()));
        name(document, OUTCOME, outcome.what().text());
        name(document, STEP, outcome.step());
        name(document, DESTINATION, outcome.destination());
        name(document, ACCOUNT, outcome.account());
        number(document, PART, outcome.part());
        number(document, ATTEMPTS, outcome.attempts());
        text(document, REASON, outcome.reason());
        text(document, PARKED, outcome.parkedId());
        if (content) {
            store(document, RECORD, outcome.record());
            if (outcome.answer() != null) {
                document.add(new StoredField(STATUS, outcome.answer().status()));
                if (outcome.answer().body() != null) {
                    document.add(new StoredField(ANSWER, outcome.answer().body()));
                }
            }
        }
        return document;
    }

    private static void name(Document document, String field, String value) {
        if (value != null) {
            document.add(new Field(field, new BytesRef(value), NAME));
        }
    }

    private static void text(Document document, String field, String value) {
        if (value != null) {
            document.add(new BinaryDocValuesField(field, new BytesRef(value)));
        }
    }

    private static void number(Document document, String field, Integer value) {
        if (value != null) {
            document.add(new NumericDocValuesField(field, value));
        }
    }

    private static void store(Document document, String field, byte[] content) {
        if (content != null) {
            document.add(new StoredField(field, content));
        }
    }

    /** Without content its id is its key. */
    static HistoryEvent event(IndexSearcher searcher, int document, boolean content) throws IOException {
        Columns columns = new Columns(searcher, document);
        String key = columns.text(KEY);
        Document stored = content ? searcher.storedFields().document(document) : new Document();
        String rawId = stored.get(RAW_ID);
        return new HistoryEvent(columns.name(PROVIDER), rawId == null ? key : rawId, columns.name(TYPE), columns.number(RECEIVED),
                content(stored, WEBHOOK), content(stored, ATTRIBUTES));
    }

    static HistoryOutcome outcome(IndexSearcher searcher, int document, HistoryEvent event, boolean content) throws IOException {
        Columns columns = new Columns(searcher, document);
        Document stored = content ? searcher.storedFields().document(document) : new Document();
        HistoryOutcome.Said answer = stored.getField(STATUS) == null ? null
                : new HistoryOutcome.Said(stored.getField(STATUS).numericValue().intValue(), stored.get(ANSWER));
        return new HistoryOutcome(columns.number(AT), EventOutcome.of(columns.name(OUTCOME)), event.provider(), event.eventId(),
                event.receivedAt(), columns.name(STEP), columns.name(DESTINATION), columns.name(ACCOUNT), columns.integer(PART),
                columns.integer(ATTEMPTS), columns.text(REASON), columns.text(PARKED), content(stored, RECORD), answer);
    }

    /** The number of an event or of an outcome's. */
    static long number(IndexSearcher searcher, int document) throws IOException {
        return new Columns(searcher, document).number(EVENT);
    }

    private static byte[] content(Document stored, String field) {
        BytesRef bytes = stored.getBinaryValue(field);
        return bytes == null ? null : Arrays.copyOfRange(bytes.bytes, bytes.offset, bytes.offset + bytes.length);
    }

    /** The columns of one document. */
    private static final class Columns {

        private final LeafReader leaf;
        private final int document;

        Columns(IndexSearcher searcher, int document) {
            LeafReaderContext context = searcher.getIndexReader().leaves().get(ReaderUtil.subIndex(document, searcher.getIndexReader().leaves()));
            leaf = context.reader();
            this.document = document - context.docBase;
        }

        String name(String field) throws IOException {
            SortedDocValues values = DocValues.getSorted(leaf, field);
            return values.advanceExact(document) ? string(values.lookupOrd(values.ordValue())) : null;
        }

        String text(String field) throws IOException {
            BinaryDocValues values = DocValues.getBinary(leaf, field);
            return values.advanceExact(document) ? string(values.binaryValue()) : null;
        }

        Integer integer(String field) throws IOException {
            NumericDocValues values = DocValues.getNumeric(leaf, field);
            return values.advanceExact(document) ? Integer.valueOf((int) values.longValue()) : null;
        }

        long number(String field) throws IOException {
            NumericDocValues values = DocValues.getNumeric(leaf, field);
            return values.advanceExact(document) ? values.longValue() : 0;
        }

        private static String string(BytesRef bytes) {
            return new String(bytes.bytes, bytes.offset, bytes.length, StandardCharsets.UTF_8);
        }
    }
}
