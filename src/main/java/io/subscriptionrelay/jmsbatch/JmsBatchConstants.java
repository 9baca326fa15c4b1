package io.subscriptionrelay.jmsbatch;

import org.apache.camel.spi.Metadata;

/** Headers and properties of a batch. */
public final class JmsBatchConstants {

    @Metadata(description = "How many messages the batch has", javaType = "int")
    public static final String SIZE = "CamelJmsBatchSize";

    /** Exchange property with the {@link BatchTransaction}, known to all exchanges made from the batch. */
    static final String TRANSACTION = "CamelJmsBatchTransaction";

    /** Exchange property with the {@link BatchPermit} of an endpoint with {@code inOrder}. */
    static final String PERMIT = "CamelJmsBatchPermit";

    private static final String CONTROL = "camel";

    private JmsBatchConstants() {
    }

    /** Headers that begin like this, in any case, tell Camel's components what to do (CVE-2026-40453); no message may. */
    static boolean isControl(String header) {
        return header.regionMatches(true, 0, CONTROL, 0, CONTROL.length());
    }
}
