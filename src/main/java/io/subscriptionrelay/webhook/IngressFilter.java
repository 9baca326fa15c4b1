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
import org.apache.camel.CamelContext;
import org.apache.camel.ServiceStatus;
import org.springframework.util.unit.DataSize;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Stands before all that the port of the webhooks offers: answers what is not for the webhook routes, reads the body within its limits,
 * and lets nothing of the request past but the body and the headers that prove where it comes from. No thread waits for a body, neither
 * for one that is wanted nor for one that is refused: Tomcat would read the rest of that with a thread of its own.
 */
class IngressFilter extends OncePerRequestFilter {

    static final String PATH = "/webhooks/";
    private static final String SHARED_ROUTE = "webhook";
    static final int LARGEST_BODY = 1024 * 1024;
    private static final String NEXT = IngressFilter.class.getName() + ".next";
    private static final String BROKEN_OFF = IngressFilter.class.getName() + ".brokenOff";
    private static final int LARGEST_PART = 8192;
    private static final byte[] NOTHING = {};
    /** A webhook has some kB. What is larger than this has a budget of its own, so that it cannot take the room of the others. */
    private static final int SMALL_BODY = 64 * 1024;
    /** So much of a body that is waited for is room for its first bytes: thousands of senders of one byte each take little together. */
    private static final int FIRST_PART = 1024;
    private static final long KNOWN_BUDGET = 32L * 1024 * 1024;
    private static final long UNKNOWN_BUDGET = 16L * 1024 * 1024;
    private static final int NOT_STARTED_RETRY_SECONDS = 5;
    /** A sender that needs longer than this for 1 MiB holds a connection for nothing; the providers give up after 10 to 60 s. */
    private static final Duration LONGEST_BODY = Duration.ofSeconds(30);
    /** For so long the rest of a body is read whose sender has his answer, because one that is cut off while it sends may not see it. */
    private static final Duration LINGER = Duration.ofSeconds(2);

    private final Webhooks webhooks;
    private final ErrorResponses refusals;
    private final WebhookEngine engine;
    private final CamelContext camel;
    private final long largestRead;
    /** Of senders that have shown the token of their provider. */
    private final BodyBudget known = new BodyBudget(KNOWN_BUDGET, false);
    /** Of all others, also of those whose proof is a signature of the whole body. */
    private final BodyBudget unknownSmall = new BodyBudget(UNKNOWN_BUDGET, true);
    private final BodyBudget unknownLarge = new BodyBudget(UNKNOWN_BUDGET, true);

    /**
     * Makes the door.
     *
     * @param largestRead so many bytes of a body are read so that its sender sees the answer; the connection of a longer one is cut
     */
    IngressFilter(Webhooks webhooks, ErrorResponses refusals, WebhookEngine engine, CamelContext camel, DataSize largestRead) {
        this.webhooks = webhooks;
        this.refusals = refusals;
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
        if (response.isCommitted()) {
            // it has its answer, and its rest is here or broke off
            return;
        }
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
        if (provider == null || !webhooks.open(provider)) {
            notFound(body, request, response);
        } else if (!"POST".equals(request.getMethod())) {
            response.setHeader("Allow", "POST");
            refuse(HttpServletResponse.SC_METHOD_NOT_ALLOWED, body, request, response, chain);
        } else if (request.getContentLengthLong() > LARGEST_BODY) {
            refuse(HttpServletResponse.SC_REQUEST_ENTITY_TOO_LARGE, body, request, response, chain);
        } else if (!started(provider)) {
            notStarted(response);
            refuse(HttpServletResponse.SC_SERVICE_UNAVAILABLE, body, request, response, chain);
        } else {
            receiveWebhook(provider, body, request, response, chain);
        }
    }

    /** A webhook that is not whole yet is waited for only while its headers may still prove where it comes from. */
    private void receiveWebhook(String provider, Body body, HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        Map<String, String> headers = proof(provider, request);
        if (!takeWhatIsHere(body, request, response)) {
            return;
        }
        if (!request.getInputStream().isFinished()) {
            try {
                body.senderIsKnown(webhooks.checkHead(provider, request::getHeader));
            } catch (NotAuthenticException whateverTheBodyIs) {
                refusals.toldNotAuthentic(route(provider), whateverTheBodyIs);
                refuseAtOnce(HttpServletResponse.SC_UNAUTHORIZED, body, request, response);
                return;
            }
        }
        waitForRest(body, request, response, chain, (whole, answer, rest) -> handOver(provider, headers, body.bytes(), answer));
    }

    /** The same answer for every path that is none, whatever comes with it and however much. */
    private static void notFound(Body body, HttpServletRequest request, HttpServletResponse response) throws IOException {
        body.unwanted();
        if (!takeWhatIsHere(body, request, response) || request.getInputStream().isFinished()) {
            response.setStatus(HttpServletResponse.SC_NOT_FOUND);
        } else {
            refuseAtOnce(HttpServletResponse.SC_NOT_FOUND, body, request, response);
        }
    }

    /** Answers now, and ends the connection when its sender has come to the end, or after a moment. */
    private static void refuseAtOnce(int status, Body body, HttpServletRequest request, HttpServletResponse response) throws IOException {
        body.unwanted();
        // of a connection that goes on, Tomcat would read the rest of the body with a thread
        response.setHeader("Connection", "close");
        response.setStatus(status);
        response.setContentLength(0);
        response.flushBuffer();
        listen(body, LINGER, request, response, (whole, answer, rest) -> { });
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

    private static String route(String provider) {
        return "webhooks-" + provider;
    }

    /** Whether both routes run that a webhook passes: that of its provider, and the one that all of them call. */
    private boolean started(String provider) {
        return camel.isStarted() && runs(route(provider)) && runs(SHARED_ROUTE);
    }

    private boolean runs(String route) {
        return camel.getRouteController().getRouteStatus(route) == ServiceStatus.Started;
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
        if (takeWhatIsHere(body, request, response)) {
            waitForRest(body, request, response, chain, next);
        }
    }

    /** False when the body broke off, which is answered then. A large one is not read to its end here, where nobody counts its bytes. */
    private static boolean takeWhatIsHere(Body body, HttpServletRequest request, HttpServletResponse response) throws IOException {
        ServletInputStream input = request.getInputStream();
        try {
            // not chunks: of one whose size is not here yet something is available, and its reader waits
            while (request.getContentLengthLong() > 0 && !input.isFinished() && body.size < SMALL_BODY && input.available() > 0) {
                body.read(input);
            }
            return true;
        } catch (IOException brokenOff) {
            response.setStatus(HttpServletResponse.SC_BAD_REQUEST);
            return false;
        }
    }

    private void waitForRest(Body body, HttpServletRequest request, HttpServletResponse response, FilterChain chain, Next next)
            throws ServletException, IOException {
        Next end = (whole, answer, rest) -> {
            if (!body.kept()) {
                notStarted(answer);
            } else if (body.refused()) {
                // after this status Tomcat closes the connection, and reads no more of an asynchronous request
                answer.setStatus(HttpServletResponse.SC_REQUEST_ENTITY_TOO_LARGE);
            } else {
                next.go(whole, answer, rest);
            }
        };
        if (request.getInputStream().isFinished() || !body.waitFor()) {
            end.go(request, response, chain);
        } else {
            listen(body, LONGEST_BODY, request, response, end);
        }
    }

    /** Has the rest of the body read as it comes, for so long at most. */
    private static void listen(Body body, Duration longest, HttpServletRequest request, HttpServletResponse response, Next end) throws IOException {
        AsyncContext rest = request.startAsync(request, response);
        rest.setTimeout(longest.toMillis());
        rest.addListener(new TooSlow(body));
        ServletInputStream input = request.getInputStream();
        input.setReadListener(new Rest(input, body, request, rest, end));
    }

    /** The only headers that get past the door. Of a repeated header the first counts. */
    private Map<String, String> proof(String provider, HttpServletRequest request) {
        Map<String, String> headers = new HashMap<>();
        for (String name : webhooks.headers(provider)) {
            String value = request.getHeader(name);
            if (value != null) {
                headers.put(name, value);
            }
        }
        return headers;
    }

    private void handOver(String provider, Map<String, String> headers, byte[] body, HttpServletResponse response) throws ServletException, IOException {
        if (!engine.answer(PATH + provider, headers, body, response)) {
            notStarted(response);
        }
    }

    /**
     * What has come of a body. No more is kept than is allowed, of this one and of all that are waited for. One thread at a time reads it;
     * another one may take its room away.
     */
    private final class Body {

        /** How many bytes it should have; negative when nobody knows. */
        private final long announced;
        /** Read into at once: a body whose size is known, and which is as small as webhooks are, is never copied. */
        private byte[] kept = NOTHING;
        private int length;
        private long size;
        private boolean wanted = true;
        private boolean waitedFor;
        private boolean senderIsKnown;
        private volatile boolean withoutRoom;
        private BodyBudget.Share share;

        Body(long announced) {
            this.announced = announced;
        }

        void senderIsKnown(boolean known) {
            senderIsKnown = known;
        }

        void unwanted() {
            wanted = false;
            forget();
        }

        private synchronized void forget() {
            kept = NOTHING;
            length = 0;
        }

        /** From now on it takes room, until {@link #release}; false when there is none. */
        boolean waitFor() {
            waitedFor = true;
            if (wanted) {
                int capacity = (int) Math.min(Math.max(length, FIRST_PART), largest());
                return fits(capacity);
            }
            return true;
        }

        /** As much as is kept of it. */
        private long largest() {
            return announced >= 0 && announced <= LARGEST_BODY ? announced : LARGEST_BODY + 1L;
        }

        private boolean fits(int capacity) {
            if (waitedFor) {
                BodyBudget budget = senderIsKnown ? known : Math.max(announced, capacity) > SMALL_BODY ? unknownLarge : unknownSmall;
                if (share == null || !share.of(budget)) {
                    release();
                    share = budget.share(this::withoutRoom);
                }
                if (!share.resize(capacity)) {
                    return false;
                }
            }
            synchronized (this) {
                if (!withoutRoom && kept.length != capacity) {
                    kept = Arrays.copyOf(kept, capacity);
                }
                return !withoutRoom;
            }
        }

        private void withoutRoom() {
            withoutRoom = true;
            forget();
        }

        void release() {
            if (share != null) {
                share.release();
            }
        }

        void read(ServletInputStream input) throws IOException {
            if (!wanted || tooLarge() || length == kept.length && !fits(more())) {
                size += Math.max(0, input.read(new byte[LARGEST_PART]));
                return;
            }
            synchronized (this) {
                int count = Math.max(0, input.read(kept, length, kept.length - length));
                length += count;
                size += count;
            }
            if (tooLarge()) {
                forget();
                release();
            }
        }

        private int more() {
            return (int) Math.min(waitedFor ? Math.max(FIRST_PART, 2L * kept.length) : SMALL_BODY, largest());
        }

        boolean tooLarge() {
            return size > LARGEST_BODY;
        }

        /** Whether its bytes are still here; from now on they stay. */
        boolean kept() {
            return !withoutRoom && (share == null || !wanted || tooLarge() || share.keep());
        }

        /** Whether no more of it is read: nobody will want it. */
        boolean givenUp() {
            return withoutRoom || size > largestRead;
        }

        boolean refused() {
            return size > largestRead || wanted && tooLarge();
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
