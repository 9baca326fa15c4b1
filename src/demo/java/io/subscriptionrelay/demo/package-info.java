/**
 * The demo: both destinations simulated, sample webhooks of all three providers posted over HTTP, and a table of what came
 * of them. Nothing in here exists outside the profile {@code demo}.
 */
package io.subscriptionrelay.demo;
