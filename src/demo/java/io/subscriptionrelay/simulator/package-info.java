/**
 * Strict stand-ins for the destinations, for use where no real account may be touched: integration tests, chaos
 * tests, benchmarks and the demo.
 *
 * <p>{@link io.subscriptionrelay.simulator.CleverTapSimulator} plays the CleverTap upload API,
 * {@link io.subscriptionrelay.simulator.OneSignalSimulator} the OneSignal REST API and
 * {@link io.subscriptionrelay.simulator.BrazeSimulator} Braze's users/track, each on a loopback port. They refuse
 * what the real services are known to refuse, with the real texts where those were recorded, and choose the stricter
 * reading where the services' own documents disagree. Every choice is a setting, and
 * {@link io.subscriptionrelay.simulator.Faults} scripts what goes wrong in production: outages, throttling, lost
 * answers, slow answers and wrong answers.
 *
 * <p>Nothing in here is active outside tests and the profile {@code demo}: no class of this package is a Spring
 * component, and no other package depends on it.
 */
package io.subscriptionrelay.simulator;
