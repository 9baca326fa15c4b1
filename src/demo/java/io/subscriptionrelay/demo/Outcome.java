package io.subscriptionrelay.demo;

import io.subscriptionrelay.simulator.CleverTapSimulator.StoredRecord;
import io.subscriptionrelay.simulator.OneSignalSimulator.Update;
import java.util.List;

/**
 * What came of a webhook.
 *
 * @param status the HTTP status that it was answered with
 * @param records what CleverTap stored
 * @param updates what OneSignal took
 * @param notDelivered what was skipped or parked, and why
 */
record Outcome(Sample webhook, int status, List<StoredRecord> records, List<Update> updates, List<String> notDelivered) {
}
