package io.subscriptionrelay.history;
import java.util.*;
class MemoryHistory implements HistoryStore {
    private final Map<String, HistoryEvent> events = new LinkedHashMap<>();
    private final Map<String, List<HistoryOutcome>> outcomes = new HashMap<>();
    public synchronized void append(List<HistoryBatch> batches) {
        for (HistoryBatch b : batches) { b.events().forEach(e -> events.putIfAbsent(e.provider() + e.key(), e));
            b.outcomes().forEach(o -> outcomes.computeIfAbsent(o.provider() + o.key(), k -> new ArrayList<>()).add(o)); }
    }
    private List<Found> all(HistoryFilter f) {
        List<Found> all = new ArrayList<>();
        events.forEach((k, e) -> { List<HistoryOutcome> of = outcomes.getOrDefault(k, List.of());
            if ((f.id() == null || Trace.eventKey(f.id()).equals(e.key())) && (f.user() == null || EventUsers.has(e.webhook(), f.user())) && (f.provider() == null || f.provider().equals(e.provider()))
             && (f.from() == null || e.receivedAt() >= f.from()) && (f.to() == null || e.receivedAt() < f.to()) && (!f.asksOutcomes() || of.stream().anyMatch(f::fits))) all.add(new Found(e, List.copyOf(of))); });
        return all;
    }
    public synchronized List<Found> newest(HistoryFilter f, Cursor before, int limit, boolean content) { List<Found> all = all(f); Collections.reverse(all); return all.stream().limit(limit).toList(); }
    public synchronized List<Found> oldest(HistoryFilter f, Cursor after, int limit) { List<Found> all = all(f); int i = 0; if (after != null) { while (!all.get(i).event().key().equals(after.key())) i++; i++; } return all.subList(i, all.size()).stream().limit(limit).toList(); }
    public long count(HistoryFilter f) { return all(f).size(); }
    public Forgotten forget(String user) { return new Forgotten(0, 0); }
    public long trim(long t, long b) { return 0; }
    public long bytes() { return 0; }
    public long begins() { return Long.MAX_VALUE; }
    public void close() { }
}
