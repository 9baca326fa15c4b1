/**
 * Checks the files under {@code routes/} before Camel reads them, so that a mistake is reported with its file, its line and
 * what to write instead, all mistakes at once, in the build as well as at start.
 */
package io.subscriptionrelay.routes;
