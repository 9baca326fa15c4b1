package io.subscriptionrelay.history;

import java.util.List;

/**
 * What one transaction of the relay has done, or a part of it: it is kept whole or not at all.
 *
 * @param id no other batch has it; a batch that comes twice is kept once
 */
public record HistoryBatch(String id, List<HistoryEvent> events, List<HistoryOutcome> outcomes) {
}
