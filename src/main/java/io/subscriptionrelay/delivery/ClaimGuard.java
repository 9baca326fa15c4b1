package io.subscriptionrelay.delivery;

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
 * Sees to it that a call is made only while its users are claimed. Called by the redelivery policy of the HTTP steps before each
 * repeated call: what was waited for may have taken hours.
 */
@Component("claimGuard")
public class ClaimGuard implements Processor {

    private static final String CLAIM = "userClaim";

    /** Puts the claim beside the exchange that makes the calls, and releases it when the exchange is done. */
    public static Claim guard(Exchange exchange, Claim claim) {
        accompany(exchange, claim);
        exchange.getExchangeExtension().addOnCompletion(new SynchronizationAdapter() {
            @Override
            public void onDone(Exchange done) {
                claim.release(Duration.ZERO);
            }
        });
        return claim;
    }

    /** Puts the claim beside an exchange that makes a call, and leaves it to somebody else to release it. */
    public static void accompany(Exchange exchange, Claim claim) {
        exchange.setProperty(CLAIM, claim);
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
     */
    public static void check(Exchange exchange) {
        Claim claim = exchange.getProperty(CLAIM, Claim.class);
        if (claim != null) {
            claim.check();
        }
    }

    /** Ends the exchange instead of the call when another relay may have taken over. */
    @Override
    public void process(Exchange exchange) {
        try {
            check(exchange);
        } catch (ClaimLostException e) {
            exchange.setException(e);
            exchange.setRouteStop(true);
        }
    }
}
