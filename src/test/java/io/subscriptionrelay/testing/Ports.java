package io.subscriptionrelay.testing;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.atomic.AtomicInteger;

/** Ports for processes, which cannot be asked which one they were given. */
public final class Ports {

    /** Below those that the system gives to whoever asks for any, and each of the JVMs that tests run in has a thousand of its own. */
    private static final int FIRST = 20_000 + 1000 * Integer.getInteger("test.fork", 0);
    private static final AtomicInteger NEXT = new AtomicInteger();

    private Ports() {
    }

    /** One of the loopback address that nobody uses just now, and nobody else asks for. */
    public static int free() {
        for (int i = 0; i < 1000; i++) {
            int port = FIRST + NEXT.getAndIncrement() % 1000;
            try (ServerSocket socket = new ServerSocket()) {
                socket.bind(new InetSocketAddress("127.0.0.1", port));
                return port;
            } catch (IOException taken) {
                // the next one
            }
        }
        throw new IllegalStateException("no port from " + FIRST + " on is free");
    }
}
