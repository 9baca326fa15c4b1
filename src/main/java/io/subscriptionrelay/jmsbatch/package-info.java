/**
 * The component {@code jms-batch:}: consumes a queue in batches, each in one JMS transaction, which sends to other queues
 * in the same thread join. Camel itself has had no batching JMS consumer since {@code sjms-batch} went in 3.8;
 * {@code aggregate} would lose what it holds in a crash.
 */
package io.subscriptionrelay.jmsbatch;
