package io.subscriptionrelay.delivery;

import io.subscriptionrelay.jmsbatch.BatchLostException;
import io.subscriptionrelay.jmsbatch.BatchTransaction;
import io.subscriptionrelay.state.ClaimLostException;
import io.subscriptionrelay.state.UserClaims.Claim;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;
import org.apache.camel.support.SynchronizationAdapter;
import org.springframework.stereotype.Component;

/**
 * Sees to it that a call is made only while its users are claimed and its batch can be committed. Called by the redelivery policy of
 * the HTTP steps before each repeated call: what was waited for may have taken hours, and the broker may have been away meanwhile.
 */
@Component("claimGuard")
public class ClaimGuard implements Processor {

    private static final String CLAIM = "userClaim";

    /**
     * Puts the claim beside the batch's exchange, and releases it when the exchange is done.
     *
     * @param rest for how long other relays leave its users alone after that
     */
    public static Claim guard(Exchange exchange, Claim claim, Duration rest) {
        exchange.setProperty(CLAIM, claim);
        exchange.getExchangeExtension().addOnCompletion(new SynchronizationAdapter() {
            @Override
            public void onDone(Exchange done) {
                claim.release(rest);
            }
        });
        return claim;
    }

    /** Lets an exchange that was not made from the batch make a call for it, under the batch's claim. */
    public static void accompany(Exchange exchange, Exchange batch) {
        exchange.setProperty(CLAIM, batch.getProperty(CLAIM));
        BatchTransaction.join(exchange, batch);
    }

    /** Sends back the records of users that another relay is delivering to, and gives the others. */
    public static List<RecordMessage> mine(List<RecordMessage> records, Claim claim, Settlement settlement) {
        if (claim.elsewhere().isEmpty()) {
            return records;
        }
        List<RecordMessage> mine = new ArrayList<>(records.size());
        for (RecordMessage record : records) {
            String user = record.text(Headers.STATE_KEY);
            if (user != null && claim.elsewhere().contains(user)) {
                settlement.leaveToOther(record);
            } else {
                mine.add(record);
            }
        }
        return mine;
    }

    /**
     * Returns when a call may begin.
     *
     * @throws ClaimLostException when another relay may have taken over
     * @throws BatchLostException when the broker gives the batch to somebody again
     */
    public static void check(Exchange exchange) {
        Claim claim = exchange.getProperty(CLAIM, Claim.class);
        if (claim != null) {
            claim.check();
        }
        BatchTransaction.check(exchange);
    }

    /** The exchange's call is made now; until it ends, its users are not left to other relays. */
    static void callBegins(Exchange exchange) {
        Claim claim = exchange.getProperty(CLAIM, Claim.class);
        if (claim != null) {
            claim.begins(exchange);
        }
    }

    /** The exchange's call was answered, or has not reached the destination: nothing of it can come late. */
    static void callEnds(Exchange exchange) {
        Claim claim = exchange.getProperty(CLAIM, Claim.class);
        if (claim != null) {
            claim.ends(exchange);
        }
    }

    /** Ends the exchange instead of the call when the batch is somebody else's by now. */
    @Override
    public void process(Exchange exchange) {
        try {
            check(exchange);
        } catch (ClaimLostException | BatchLostException e) {
            exchange.setException(e);
            exchange.setRouteStop(true);
        }
    }
}
