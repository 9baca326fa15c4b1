/** What people look at on the operations port: how things are, events, parked ones, replays. Nothing of it is on the public port. */
package io.subscriptionrelay.pages;
