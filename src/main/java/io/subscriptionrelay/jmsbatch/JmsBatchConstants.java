package io.subscriptionrelay.jmsbatch;

import org.apache.camel.spi.Metadata;

/** Headers and properties of a batch. */
public final class JmsBatchConstants {

    @Metadata(description = "How many messages the batch has", javaType = "int")
    public static final String SIZE = "CamelJmsBatchSize";

    /** Exchange property with the {@link BatchTransaction}, known to all exchanges made from the batch. */
    static final String TRANSACTION = "CamelJmsBatchTransaction";

    /** Exchange property with the {@link BatchTurn} of an endpoint with {@code keepTurn}. */
    static final String TURN = "CamelJmsBatchTurn";

    private JmsBatchConstants() {
    }
}
