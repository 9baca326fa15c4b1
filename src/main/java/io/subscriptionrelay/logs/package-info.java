/** What is worth a line in the log, and what may stand in it. */
package io.subscriptionrelay.logs;
