package io.subscriptionrelay.webhook;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.camel.CamelContext;
import org.apache.camel.ServiceStatus;
import org.springframework.util.unit.DataSize;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Stands before all that the port of the webhooks offers: answers what is not for the webhook routes, reads the body within its limits,
 * and lets nothing of the request past but the body and the headers that prove where it comes from. No thread waits for a body, neither
 * for one that is wanted nor for one that is refused: Tomcat would read the rest of that with a thread of its own.
 */
class WebhookDoor extends OncePerRequestFilter {

    static final String PATH = "/webhooks/";
    static final int LARGEST_BODY = 1024 * 1024;
    private static final String NEXT = WebhookDoor.class.getName() + ".next";
    private static final String BROKEN_OFF = WebhookDoor.class.getName() + ".brokenOff";
    private static final int LARGEST_PART = 8192;
    private static final byte[] NOTHING = {};
    /** Of bodies that are waited for; whole ones are not among them, and a webhook has some kB. */
    private static final long MOST_WAITING_BYTES = 32L * 1024 * 1024;
    private static final int NOT_STARTED_RETRY_SECONDS = 5;
    /** A sender that needs longer than this for 1 MiB holds a connection for nothing; the providers give up after 10 to 60 s. */
    private static final Duration LONGEST_BODY = Duration.ofSeconds(30);

    private final Webhooks webhooks;
    private final WebhookEngine engine;
    private final CamelContext camel;
    private final long largestRead;
    private final AtomicLong waitingBytes = new AtomicLong();

    /**
     * Makes the door.
     *
     * @param largestRead so many bytes of a body are read so that its sender sees the answer; the connection of a longer one is cut
     */
    WebhookDoor(Webhooks webhooks, WebhookEngine engine, CamelContext camel, DataSize largestRead) {
        this.webhooks = webhooks;
        this.engine = engine;
        this.camel = camel;
        this.largestRead = Math.max(LARGEST_BODY, largestRead.toBytes());
    }

    /** What is done with a request once its body is here. */
    @FunctionalInterface
    private interface Next {
        void go(HttpServletRequest request, HttpServletResponse response, FilterChain chain) throws ServletException, IOException;
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        if (request.getDispatcherType() == DispatcherType.ERROR) {
            explain(request, response);
            return;
        }
        if (request.getDispatcherType() == DispatcherType.ASYNC) {
            again(request, response, chain);
            return;
        }
        String provider = provider(request);
        Body body = new Body(request.getContentLengthLong());
        if (provider != null && !webhooks.open(provider)) {
            refuse(HttpServletResponse.SC_NOT_FOUND, body, request, response, chain);
        } else if (provider != null && !"POST".equals(request.getMethod())) {
            response.setHeader("Allow", "POST");
            refuse(HttpServletResponse.SC_METHOD_NOT_ALLOWED, body, request, response, chain);
        } else if (request.getContentLengthLong() > LARGEST_BODY) {
            refuse(HttpServletResponse.SC_REQUEST_ENTITY_TOO_LARGE, body, request, response, chain);
        } else if (provider == null) {
            refuse(HttpServletResponse.SC_NOT_FOUND, body, request, response, chain);
        } else if (!started(provider)) {
            notStarted(response);
            refuse(HttpServletResponse.SC_SERVICE_UNAVAILABLE, body, request, response, chain);
        } else {
            receive(body, request, response, chain, (whole, answer, rest) -> handOver(provider, body.bytes(), whole, answer));
        }
    }

    /** The provider as it is written in the path, letter by letter; null if the path is none of the webhooks', however it is written. */
    private static String provider(HttpServletRequest request) {
        String written = request.getRequestURI();
        String meant = request.getServletPath() + Objects.toString(request.getPathInfo(), "") + "/";
        return written.startsWith(PATH) ? written.substring(PATH.length()) : meant.startsWith(PATH) ? "" : null;
    }

    @Override
    protected boolean shouldNotFilterAsyncDispatch() {
        return false;
    }

    @Override
    protected boolean shouldNotFilterErrorDispatch() {
        return false;
    }

    /** Of a body that breaks off, or is no body, while it is waited for, Tomcat makes a failure of the relay. Other errors have a status, no page. */
    private static void explain(HttpServletRequest request, HttpServletResponse response) throws IOException {
        if (request.getAttribute(BROKEN_OFF) != null) {
            response.setStatus(HttpServletResponse.SC_BAD_REQUEST);
            response.setContentLength(0);
            // what has not left by now never does
            response.flushBuffer();
        }
    }

    /** A request that has been here before: with the rest of its body, or with its answer. */
    private static void again(HttpServletRequest request, HttpServletResponse response, FilterChain chain) throws ServletException, IOException {
        Next next = (Next) request.getAttribute(NEXT);
        if (next == null) {
            chain.doFilter(request, response);
        } else {
            request.removeAttribute(NEXT);
            next.go(request, response, chain);
        }
    }

    private static void notStarted(HttpServletResponse response) {
        response.setHeader("Retry-After", Integer.toString(NOT_STARTED_RETRY_SECONDS));
        response.setStatus(HttpServletResponse.SC_SERVICE_UNAVAILABLE);
    }

    private boolean started(String provider) {
        return camel.isStarted() && camel.getRouteController().getRouteStatus("webhooks-" + provider) == ServiceStatus.Started;
    }

    /** Refuses the request. Its body is read and thrown away, because a sender that is cut off while it sends may not see the answer. */
    private void refuse(int status, Body body, HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        body.unwanted();
        receive(body, request, response, chain, (whole, answer, rest) -> answer.setStatus(status));
    }

    /** A body that is here is handed over at once. For one that is still on its way no thread waits, however many senders are slow. */
    private void receive(Body body, HttpServletRequest request, HttpServletResponse response, FilterChain chain, Next next)
            throws ServletException, IOException {
        ServletInputStream input = request.getInputStream();
        try {
            // not chunks: of one whose size is not here yet something is available, and its reader waits
            while (request.getContentLengthLong() > 0 && !input.isFinished() && !body.tooLarge() && input.available() > 0) {
                body.read(input);
            }
        } catch (IOException brokenOff) {
            response.setStatus(HttpServletResponse.SC_BAD_REQUEST);
            return;
        }
        Next end = (whole, answer, rest) -> {
            if (body.withoutRoom()) {
                notStarted(answer);
            } else if (body.refused()) {
                // after this status Tomcat closes the connection, and reads no more of an asynchronous request
                answer.setStatus(HttpServletResponse.SC_REQUEST_ENTITY_TOO_LARGE);
            } else {
                next.go(whole, answer, rest);
            }
        };
        if (input.isFinished() || !body.waitFor()) {
            end.go(request, response, chain);
        } else {
            AsyncContext rest = request.startAsync(request, response);
            rest.setTimeout(LONGEST_BODY.toMillis());
            rest.addListener(new TooSlow(body));
            input.setReadListener(new Rest(input, body, request, rest, end));
        }
    }

    /** Lets nothing of the request past but its body and the headers that prove where it comes from. */
    private void handOver(String provider, byte[] body, HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        Map<String, String> headers = new HashMap<>();
        for (String name : webhooks.headers(provider)) {
            // of a repeated header the first counts
            String value = request.getHeader(name);
            if (value != null) {
                headers.put(name, value);
            }
        }
        if (!engine.answer(PATH + provider, headers, body, response)) {
            notStarted(response);
        }
    }

    /** What has come of a body. No more is kept than is allowed, of this one and of all that are waited for. */
    private final class Body {

        private final int part;
        /** Read into at once: a body whose size is known, and which is as small as webhooks are, is never copied. */
        private byte[] kept;
        private int length;
        private boolean wanted = true;
        private boolean withoutRoom;
        private boolean waitedFor;
        private long size;
        private long taken;

        /** @param announced how many bytes it should have; negative when nobody knows */
        Body(long announced) {
            part = (int) Math.max(1, Math.min(announced < 0 ? LARGEST_PART : announced, LARGEST_PART));
            kept = new byte[part];
        }

        void unwanted() {
            wanted = false;
            kept = NOTHING;
            length = 0;
        }

        /** From now on it takes room, until {@link #release}; false when there is none. */
        boolean waitFor() {
            waitedFor = true;
            if (wanted) {
                take(Math.max(part, length));
            }
            return !withoutRoom;
        }

        private synchronized void take(int bytes) {
            if (waitingBytes.addAndGet(bytes) > MOST_WAITING_BYTES) {
                waitingBytes.addAndGet(-bytes);
                withoutRoom = true;
                unwanted();
                release();
            } else {
                taken += bytes;
            }
        }

        synchronized void release() {
            waitingBytes.addAndGet(-taken);
            taken = 0;
        }

        void read(ServletInputStream input) throws IOException {
            if (!wanted || tooLarge()) {
                size += Math.max(0, input.read(new byte[part]));
                return;
            }
            if (length == kept.length) {
                kept = Arrays.copyOf(kept, 2 * length);
            }
            int count = Math.max(0, input.read(kept, length, kept.length - length));
            size += count;
            if (waitedFor && length + count > taken) {
                take(count);
            }
            if (wanted) {
                length += count;
            }
        }

        boolean tooLarge() {
            return size > LARGEST_BODY;
        }

        boolean withoutRoom() {
            return withoutRoom;
        }

        /** Whether no more of it is read: nobody will want it. */
        boolean givenUp() {
            return withoutRoom || size > largestRead;
        }

        boolean refused() {
            return givenUp() || wanted && tooLarge();
        }

        byte[] bytes() {
            return length == kept.length ? kept : Arrays.copyOf(kept, length);
        }
    }

    /** Reads what comes, and lets the request come to the door again once it is here. */
    private record Rest(ServletInputStream input, Body body, HttpServletRequest request, AsyncContext context, Next end)
            implements ReadListener {

        @Override
        public void onDataAvailable() throws IOException {
            try {
                while (!body.givenUp() && input.isReady()) {
                    body.read(input);
                    if (input.isFinished()) {
                        return;
                    }
                }
            } catch (IOException brokenOff) {
                request.setAttribute(BROKEN_OFF, true);
                throw brokenOff;
            }
            if (body.givenUp()) {
                onAllDataRead();
            }
        }

        @Override
        public void onAllDataRead() {
            request.setAttribute(NEXT, end);
            context.dispatch();
        }

        @Override
        public void onError(Throwable brokenOff) {
            context.complete();
        }
    }

    /** Ends a request whose body has not come in time, and gives back the room of every one. */
    private record TooSlow(Body body) implements AsyncListener {

        @Override
        public void onTimeout(AsyncEvent event) {
            HttpServletResponse response = (HttpServletResponse) event.getSuppliedResponse();
            response.setHeader("Connection", "close");
            response.setStatus(HttpServletResponse.SC_REQUEST_TIMEOUT);
            event.getAsyncContext().complete();
        }

        @Override
        public void onComplete(AsyncEvent event) {
            body.release();
        }

        @Override
        public void onError(AsyncEvent event) {
            // the read listener answers
            body.release();
        }

        @Override
        public void onStartAsync(AsyncEvent event) {
            // a route may go on in another thread
        }
    }
}
