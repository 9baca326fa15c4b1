/** What the operations port has beyond its endpoints: who gets in, and how. */
package io.subscriptionrelay.operations;
