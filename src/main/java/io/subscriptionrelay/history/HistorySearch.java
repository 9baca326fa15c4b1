package io.subscriptionrelay.history;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.lucene.document.LongPoint;
import org.apache.lucene.document.NumericDocValuesField;
import org.apache.lucene.index.DocValues;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.NumericDocValues;
import org.apache.lucene.index.PointValues;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.FieldDoc;
import org.apache.lucene.search.IndexOrDocValuesQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.PrefixQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.ScoreMode;
import org.apache.lucene.search.ScorerSupplier;
import org.apache.lucene.search.SimpleCollector;
import org.apache.lucene.search.Sort;
import org.apache.lucene.search.SortField;
import org.apache.lucene.search.TermInSetQuery;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.Weight;
import org.apache.lucene.util.BytesRef;

/**
 * A question to one index. It is put to a stretch of time that is likely to have enough answers, then to longer ones, because most questions
 * that fit many events want few of them. Where outcomes are asked for, the rarer of both, events or outcomes, is gathered first and the other
 * one is looked up by it.
 */
final class HistorySearch {

    /** So few are looked at at once. */
    private static final long FEW = 4096;
    private static final int STRETCH = 4;
    private static final int LONGER = 8;
    /** More are not looked up term by term. */
    private static final int MOST_TERMS = 20_000;

    private final IndexSearcher searcher;
    private final HistoryFilter filter;
    private final Query events;
    private final Query outcomes;
    private final long first;
    private final long last;

    HistorySearch(IndexSearcher searcher, HistoryFilter filter) throws IOException {
        this.searcher = searcher;
        this.filter = filter;
        events = events(filter);
        outcomes = filter.asksOutcomes() ? outcomes(filter) : null;
        byte[] least = PointValues.getMinPackedValue(searcher.getIndexReader(), HistoryDocuments.RECEIVED);
        byte[] most = PointValues.getMaxPackedValue(searcher.getIndexReader(), HistoryDocuments.RECEIVED);
        first = least == null ? Long.MAX_VALUE : LongPoint.decodeDimension(least, 0);
        last = most == null ? Long.MIN_VALUE : LongPoint.decodeDimension(most, 0);
    }

    private static Query events(HistoryFilter filter) {
        BooleanQuery.Builder all = new BooleanQuery.Builder();
        all.add(new TermQuery(HistoryDocuments.EVENTS), BooleanClause.Occur.FILTER);
        if (filter.id() != null) {
            add(all, HistoryDocuments.ID, HistoryDocuments.bytes(EventKey.number(EventKey.of(filter.id()))));
        }
        if (filter.user() != null) {
            all.add(user(filter.user()), BooleanClause.Occur.FILTER);
        }
        add(all, HistoryDocuments.PROVIDER, filter.provider());
        add(all, HistoryDocuments.TYPE, filter.type());
        if (filter.q() != null) {
            for (EventTerms.Word word : EventTerms.words(filter.q())) {
                all.add(word(word), BooleanClause.Occur.FILTER);
            }
        }
        return all.build();
    }

    /** Events that carry this id of a user. */
    static Query user(String id) {
        return any(EventTerms.user(id));
    }

    /** One term is found in an index with half the work of a set. */
    private static Query any(List<String> terms) {
        return terms.size() == 1 ? new TermQuery(new Term(HistoryDocuments.TERM, terms.get(0)))
                : new TermInSetQuery(HistoryDocuments.TERM, terms.stream().map(BytesRef::new).toList());
    }

    private static Query word(EventTerms.Word word) {
        if (!word.prefix()) {
            return any(word.terms());
        }
        BooleanQuery.Builder any = new BooleanQuery.Builder();
        word.terms().forEach(term -> any.add(new PrefixQuery(new Term(HistoryDocuments.TERM, term)), BooleanClause.Occur.SHOULD));
        return any.build();
    }

    private static Query outcomes(HistoryFilter filter) {
        BooleanQuery.Builder all = new BooleanQuery.Builder();
        all.add(new TermQuery(HistoryDocuments.OUTCOMES), BooleanClause.Occur.FILTER);
        add(all, HistoryDocuments.OUTCOME, filter.outcome());
        add(all, HistoryDocuments.STEP, filter.step());
        add(all, HistoryDocuments.DESTINATION, filter.destination());
        add(all, HistoryDocuments.ACCOUNT, filter.account());
        return all.build();
    }

    private static void add(BooleanQuery.Builder all, String field, String value) {
        if (value != null) {
            add(all, field, new BytesRef(value));
        }
    }

    private static void add(BooleanQuery.Builder all, String field, BytesRef value) {
        all.add(new TermQuery(new Term(field, value)), BooleanClause.Occur.FILTER);
    }

    /**
     * The next events in one of the two orders.
     *
     * @param cursor after which they come in this order; null for the first ones
     */
    List<HistoryStore.Found> page(HistoryStore.Cursor cursor, boolean oldestFirst, int limit, boolean content) throws IOException {
        long from = filter.from() == null ? first : Math.max(first, filter.from());
        long to = filter.to() == null ? last : Math.min(last, filter.to() - 1);
        if (cursor != null && oldestFirst) {
            from = Math.max(from, cursor.receivedAt());
        } else if (cursor != null) {
            to = Math.min(to, cursor.receivedAt());
        }
        Sort sort = sort(oldestFirst);
        FieldDoc after = cursor == null ? null : new FieldDoc(Math.max(0, searcher.getIndexReader().maxDoc() - 1), Float.NaN,
                new Object[] {cursor.receivedAt(), new BytesRef(cursor.provider()), new BytesRef(cursor.key())});
        List<ScoreDoc> found = new ArrayList<>();
        long most = Math.min(cost(events), outcomes == null ? Long.MAX_VALUE : cost(outcomes));
        if (most == 0) {
            // a user's events are in few of the spans
            return List.of();
        }
        double stretch = most <= FEW ? Double.MAX_VALUE : stretch(limit);
        while (from <= to && found.size() < limit) {
            long start = oldestFirst || to - from < stretch ? from : to - (long) stretch;
            long end = oldestFirst && to - from >= stretch ? from + (long) stretch : to;
            found.addAll(Arrays.asList(searcher.searchAfter(after, fitting(start, end), limit - found.size(), sort).scoreDocs));
            if (oldestFirst) {
                from = end + 1;
            } else {
                to = start - 1;
            }
            stretch *= LONGER;
        }
        return read(found, content);
    }

    private static Sort sort(boolean oldestFirst) {
        return new Sort(new SortField(HistoryDocuments.RECEIVED, SortField.Type.LONG, !oldestFirst),
                new SortField(HistoryDocuments.PROVIDER, SortField.Type.STRING, !oldestFirst),
                new SortField(HistoryDocuments.KEY, SortField.Type.STRING_VAL, !oldestFirst));
    }

    /** In which some times as many events came as are wanted. */
    private double stretch(int limit) throws IOException {
        return Math.max(1, (last - first + 1.0) / searcher.getIndexReader().docFreq(HistoryDocuments.EVENTS) * limit * STRETCH);
    }

    long count() throws IOException {
        long from = filter.from() == null ? first : Math.max(first, filter.from());
        long to = filter.to() == null ? last : Math.min(last, filter.to() - 1);
        return from > to ? 0 : searcher.count(fitting(from, to));
    }

    private Query fitting(long from, long to) throws IOException {
        Query inTime = within(events, from, to);
        if (outcomes == null) {
            return inTime;
        }
        Query outcomesInTime = within(outcomes, from, to);
        long[] those = cost(inTime) < cost(outcomesInTime) ? numbers(both(outcomesInTime, ofEvents(numbers(inTime)))) : numbers(outcomesInTime);
        return both(inTime, ofEvents(those));
    }

    private Query within(Query query, long from, long to) {
        return from <= first && to >= last ? query
                : both(query, new IndexOrDocValuesQuery(LongPoint.newRangeQuery(HistoryDocuments.RECEIVED, from, to),
                        NumericDocValuesField.newSlowRangeQuery(HistoryDocuments.RECEIVED, from, to)));
    }

    private static Query both(Query one, Query other) {
        return new BooleanQuery.Builder().add(one, BooleanClause.Occur.FILTER).add(other, BooleanClause.Occur.FILTER).build();
    }

    private static Query ofEvents(long[] numbers) {
        Query column = NumericDocValuesField.newSlowSetQuery(HistoryDocuments.EVENT, numbers);
        return numbers.length > MOST_TERMS ? column : new IndexOrDocValuesQuery(terms(numbers), column);
    }

    private static Query terms(long[] numbers) {
        return new TermInSetQuery(HistoryDocuments.EVENT, Arrays.stream(numbers).mapToObj(HistoryDocuments::bytes).toList());
    }

    private long cost(Query query) throws IOException {
        Weight weight = searcher.createWeight(searcher.rewrite(query), ScoreMode.COMPLETE_NO_SCORES, 1);
        long cost = 0;
        for (LeafReaderContext leaf : searcher.getIndexReader().leaves()) {
            ScorerSupplier scorer = weight.scorerSupplier(leaf);
            cost += scorer == null ? 0 : scorer.cost();
        }
        return cost;
    }

    /** The numbers of the events that these documents are or belong to, each once. */
    private long[] numbers(Query query) throws IOException {
        Numbers numbers = new Numbers();
        searcher.search(query, numbers);
        return Arrays.stream(numbers.all, 0, numbers.size).sorted().distinct().toArray();
    }

    /** Events with their outcomes, in this order. */
    List<HistoryStore.Found> read(Collection<ScoreDoc> documents, boolean content) throws IOException {
        Map<Long, HistoryStore.Found> found = new LinkedHashMap<>();
        for (ScoreDoc document : documents) {
            found.put(HistoryDocuments.number(searcher, document.doc),
                    new HistoryStore.Found(HistoryDocuments.event(searcher, document.doc, content), new ArrayList<>()));
        }
        if (found.isEmpty()) {
            return List.of();
        }
        Documents all = new Documents();
        searcher.search(both(new TermQuery(HistoryDocuments.OUTCOMES), terms(found.keySet().stream().mapToLong(Long::longValue).toArray())), all);
        for (int document : all.numbers) {
            HistoryStore.Found one = found.get(HistoryDocuments.number(searcher, document));
            one.outcomes().add(HistoryDocuments.outcome(searcher, document, one.event(), content));
        }
        // those of one millisecond stay as they came
        found.values().forEach(one -> one.outcomes().sort(Comparator.comparingLong(HistoryOutcome::at)));
        return List.copyOf(found.values());
    }

    /** All that fit, in the order in which they were added. */
    static List<ScoreDoc> all(IndexSearcher searcher, Query query) throws IOException {
        Documents all = new Documents();
        searcher.search(query, all);
        return all.numbers.stream().map(document -> new ScoreDoc(document, Float.NaN)).toList();
    }

    private abstract static class Gatherer extends SimpleCollector {

        @Override
        public ScoreMode scoreMode() {
            return ScoreMode.COMPLETE_NO_SCORES;
        }
    }

    private static final class Documents extends Gatherer {

        private final List<Integer> numbers = new ArrayList<>();
        private int base;

        @Override
        protected void doSetNextReader(LeafReaderContext leaf) {
            base = leaf.docBase;
        }

        @Override
        public void collect(int document) {
            numbers.add(base + document);
        }
    }

    private static final class Numbers extends Gatherer {

        private long[] all = new long[64];
        private int size;
        private NumericDocValues events;

        @Override
        protected void doSetNextReader(LeafReaderContext leaf) throws IOException {
            events = DocValues.getNumeric(leaf.reader(), HistoryDocuments.EVENT);
        }

        @Override
        public void collect(int document) throws IOException {
            if (events.advanceExact(document)) {
                if (size == all.length) {
                    all = Arrays.copyOf(all, 2 * size);
                }
                all[size++] = events.longValue();
            }
        }
    }
}
