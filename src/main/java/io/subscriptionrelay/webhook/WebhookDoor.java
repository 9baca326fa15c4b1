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
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collections;
import java.util.Enumeration;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.camel.CamelContext;
import org.apache.camel.ServiceStatus;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Stands before the webhook routes: answers what is not for them, reads the body within its limits, and lets nothing of
 * the request past but the body and the headers that prove where it comes from.
 */
class WebhookDoor extends OncePerRequestFilter {

    static final String PATH = "/webhooks/";
    static final int LARGEST_BODY = 1024 * 1024;
    private static final String BODY = WebhookDoor.class.getName() + ".body";
    private static final int NOT_STARTED_RETRY_SECONDS = 5;
    /** A sender that needs longer than this for 1 MiB holds a connection for nothing; the providers give up after 10 to 60 s. */
    private static final Duration LONGEST_BODY = Duration.ofSeconds(30);

    private final Webhooks webhooks;
    private final WebhookEngine engine;
    private final CamelContext camel;

    WebhookDoor(Webhooks webhooks, WebhookEngine engine, CamelContext camel) {
        this.webhooks = webhooks;
        this.engine = engine;
        this.camel = camel;
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        if (request.getDispatcherType() == DispatcherType.ASYNC) {
            again(request, response, chain);
            return;
        }
        String path = request.getRequestURI();
        String provider = path.startsWith(PATH) ? path.substring(PATH.length()) : "";
        if (!webhooks.open(provider)) {
            response.setStatus(HttpServletResponse.SC_NOT_FOUND);
        } else if (!"POST".equals(request.getMethod())) {
            response.setHeader("Allow", "POST");
            response.setStatus(HttpServletResponse.SC_METHOD_NOT_ALLOWED);
        } else if (request.getContentLengthLong() > LARGEST_BODY) {
            response.setStatus(HttpServletResponse.SC_REQUEST_ENTITY_TOO_LARGE);
        } else if (!started(provider)) {
            response.setHeader("Retry-After", Integer.toString(NOT_STARTED_RETRY_SECONDS));
            response.setStatus(HttpServletResponse.SC_SERVICE_UNAVAILABLE);
        } else {
            receive(provider, request, response, chain);
        }
    }

    @Override
    protected boolean shouldNotFilterAsyncDispatch() {
        return false;
    }

    /** A request that has been here before: with the rest of its body, or with its answer. */
    private void again(HttpServletRequest request, HttpServletResponse response, FilterChain chain) throws ServletException, IOException {
        byte[] body = (byte[]) request.getAttribute(BODY);
        if (body == null) {
            chain.doFilter(request, response);
        } else {
            request.removeAttribute(BODY);
            handOver(request.getRequestURI().substring(PATH.length()), body, request, response, chain);
        }
    }

    private boolean started(String provider) {
        return camel.isStarted() && camel.getRouteController().getRouteStatus("webhooks-" + provider) == ServiceStatus.Started;
    }

    /** A body that is here is handed over at once. For one that is still on its way no thread waits, however many senders are slow. */
    private void receive(String provider, HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        ServletInputStream input = request.getInputStream();
        ByteArrayOutputStream body = new ByteArrayOutputStream(4096);
        try {
            while (!complete(input, body) && input.available() > 0) {
                read(input, body);
            }
        } catch (IOException brokenOff) {
            response.setStatus(HttpServletResponse.SC_BAD_REQUEST);
            return;
        }
        if (complete(input, body)) {
            handOver(provider, body.toByteArray(), request, response, chain);
        } else {
            AsyncContext rest = request.startAsync(request, response);
            rest.setTimeout(LONGEST_BODY.toMillis());
            rest.addListener(new TooSlow());
            input.setReadListener(new Rest(input, body, request, rest));
        }
    }

    private static boolean complete(ServletInputStream input, ByteArrayOutputStream body) {
        return body.size() > LARGEST_BODY || input.isFinished();
    }

    /** Up to one byte more than is allowed. */
    private static void read(ServletInputStream input, ByteArrayOutputStream body) throws IOException {
        byte[] buffer = new byte[8192];
        int count = input.read(buffer);
        if (count > 0) {
            body.write(buffer, 0, Math.min(count, LARGEST_BODY + 1 - body.size()));
        }
    }

    private void handOver(String provider, byte[] body, HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        if (body.length > LARGEST_BODY) {
            response.setStatus(HttpServletResponse.SC_REQUEST_ENTITY_TOO_LARGE);
        } else {
            HttpServletRequest bare = new BareRequest(request, body, webhooks.headers(provider));
            if (!engine.answer(PATH + provider, bare, response)) {
                chain.doFilter(bare, response);
            }
        }
    }

    /** Reads what comes, and lets the request come to the door again once it is here. */
    private record Rest(ServletInputStream input, ByteArrayOutputStream body, HttpServletRequest request, AsyncContext context)
            implements ReadListener {

        @Override
        public void onDataAvailable() throws IOException {
            while (body.size() <= LARGEST_BODY && input.isReady()) {
                read(input, body);
                if (input.isFinished()) {
                    return;
                }
            }
            if (body.size() > LARGEST_BODY) {
                onAllDataRead();
            }
        }

        @Override
        public void onAllDataRead() {
            request.setAttribute(BODY, body.toByteArray());
            context.dispatch();
        }

        @Override
        public void onError(Throwable brokenOff) {
            ((HttpServletResponse) context.getResponse()).setStatus(HttpServletResponse.SC_BAD_REQUEST);
            context.complete();
        }
    }

    /** Ends a request whose body has not come in time. */
    private static final class TooSlow implements AsyncListener {

        @Override
        public void onTimeout(AsyncEvent event) {
            HttpServletResponse response = (HttpServletResponse) event.getSuppliedResponse();
            response.setHeader("Connection", "close");
            response.setStatus(HttpServletResponse.SC_REQUEST_TIMEOUT);
            event.getAsyncContext().complete();
        }

        @Override
        public void onComplete(AsyncEvent event) {
            // it was answered
        }

        @Override
        public void onError(AsyncEvent event) {
            // the read listener answers
        }

        @Override
        public void onStartAsync(AsyncEvent event) {
            // a route may go on in another thread
        }
    }

    /** A request of which only the body and the named headers are left. */
    private static final class BareRequest extends HttpServletRequestWrapper {

        private final byte[] body;
        private final Set<String> headers;

        BareRequest(HttpServletRequest request, byte[] body, Set<String> headers) {
            super(request);
            this.body = body;
            this.headers = headers;
        }

        @Override
        public String getHeader(String name) {
            return headers.contains(name.toLowerCase(Locale.ROOT)) ? super.getHeader(name) : null;
        }

        @Override
        public Enumeration<String> getHeaders(String name) {
            // of a repeated header the first counts, here and in the route
            String value = getHeader(name);
            return value == null ? Collections.emptyEnumeration() : Collections.enumeration(Set.of(value));
        }

        @Override
        public Enumeration<String> getHeaderNames() {
            return Collections.enumeration(headers.stream().filter(name -> getHeader(name) != null).toList());
        }

        @Override
        public String getContentType() {
            return null;
        }

        @Override
        public String getCharacterEncoding() {
            return null;
        }

        @Override
        public int getContentLength() {
            return body.length;
        }

        @Override
        public long getContentLengthLong() {
            return body.length;
        }

        @Override
        public String getQueryString() {
            return null;
        }

        @Override
        public String getParameter(String name) {
            return null;
        }

        @Override
        public Map<String, String[]> getParameterMap() {
            return Map.of();
        }

        @Override
        public Enumeration<String> getParameterNames() {
            return Collections.emptyEnumeration();
        }

        @Override
        public String[] getParameterValues(String name) {
            return null;
        }

        @Override
        public ServletInputStream getInputStream() {
            ByteArrayInputStream bytes = new ByteArrayInputStream(body);
            return new ServletInputStream() {
                @Override
                public int read() {
                    return bytes.read();
                }

                @Override
                public int read(byte[] target, int offset, int length) {
                    return bytes.read(target, offset, length);
                }

                @Override
                public int available() {
                    return bytes.available();
                }

                @Override
                public boolean isFinished() {
                    return bytes.available() == 0;
                }

                @Override
                public boolean isReady() {
                    return true;
                }

                @Override
                public void setReadListener(ReadListener listener) {
                    throw new UnsupportedOperationException("the body is already read");
                }
            };
        }

        @Override
        public BufferedReader getReader() {
            return new BufferedReader(new InputStreamReader(getInputStream(), StandardCharsets.UTF_8));
        }
    }
}
