/** The command line: {@code java -jar subscription-relay.jar COMMAND}. */
package io.subscriptionrelay.commands;
