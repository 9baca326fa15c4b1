package io.subscriptionrelay.delivery;

import io.subscriptionrelay.jmsbatch.BatchAdmission;
import org.springframework.stereotype.Component;

/**
 * Takes no further batches for an account that does not answer: they could only wait, each in memory and as small as it was
 * when the outage began. Two are let through, so that a call that fails by itself shows beside one that succeeds.
 */
@Component("outageAdmission")
class OutageAdmission implements BatchAdmission {

    private static final int DURING_AN_OUTAGE = 2;

    private final AccountMonitor monitor;

    OutageAdmission(AccountMonitor monitor) {
        this.monitor = monitor;
    }

    @Override
    public boolean admits(String queue, int underWay) {
        if (underWay < DURING_AN_OUTAGE) {
            return true;
        }
        String[] parts = queue.split("\\.", 3);
        return !monitor.failing(parts[1], parts[2]);
    }
}
