package io.subscriptionrelay.jmsbatch;

import java.util.List;
import org.apache.camel.Message;

/**
 * What is collected while a batch is processed and sent with it, in its transaction: what the batch did is known exactly if it was done.
 */
public interface BatchCompanion {

    /** The messages, each with the name of its queue in the header {@code queue}. Asked for once, right before the commit. */
    List<Message> messages();
}
