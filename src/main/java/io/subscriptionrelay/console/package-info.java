/** Who may use the management port: Hawtio, Jolokia and everything else that shows or changes events. */
package io.subscriptionrelay.console;
