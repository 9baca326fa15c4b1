package io.subscriptionrelay.delivery;

import org.apache.camel.Exchange;
import org.apache.camel.Processor;
import org.springframework.stereotype.Component;

/**
 * Called before a call is repeated. When a call of many records meets nothing but server errors, and no other call tells
 * whether the destination or a record is the reason, it is repeated with one record, each time another: a destination in an outage
 * is asked for little, and one that is up shows it with the first good record.
 */
@Component("probe")
public class Probe implements Processor {

    private static final String BODY = "relayProbe";

    /** What gives the bodies of smaller calls, if the call that is made next can be made smaller. */
    public interface Bodies {

        /** The body of a call with another record, and with it alone. */
        byte[] next();
    }

    /** Lets the call that is made next be repeated with less. */
    public static void allow(Exchange exchange, Bodies bodies) {
        exchange.setProperty(BODY, bodies);
    }

    @Override
    public void process(Exchange exchange) {
        Bodies bodies = exchange.getProperty(BODY, Bodies.class);
        if (bodies != null && Outage.doubtful(exchange)) {
            exchange.getIn().setBody(bodies.next());
        }
    }
}
