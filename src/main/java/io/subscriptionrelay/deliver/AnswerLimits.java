package io.subscriptionrelay.deliver;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import org.apache.camel.component.http.HttpClientConfigurer;
import org.apache.hc.client5.http.classic.ExecChain;
import org.apache.hc.client5.http.classic.ExecRuntime;
import org.apache.hc.client5.http.impl.classic.HttpClientBuilder;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.io.entity.HttpEntityWrapper;
import org.springframework.stereotype.Component;

/**
 * Ends an answer that grows without end, is packed so that it unpacks to something huge, or takes for ever: it is a failure of
 * the destination, as no answer is. Camel reads the whole answer into memory before anybody sees it.
 */
@Component("answerLimits")
class AnswerLimits implements HttpClientConfigurer {

    /** An answer says something of each record and repeats it at most once, escaped; beside that it is small. */
    private static final long LARGEST_BESIDE_THE_REQUEST = 1024 * 1024;
    /** The time-outs of the client, 5 s to connect and 60 s to answer: what takes longer would outlive its users' claims. */
    private static final Duration LONGEST = Duration.ofSeconds(65);

    @Override
    public void configureHttpClient(HttpClientBuilder client) {
        // before all others, so that it sees an answer that is unpacked
        client.addExecInterceptorFirst("answer-limits", AnswerLimits::call);
    }

    private static ClassicHttpResponse call(ClassicHttpRequest request, ExecChain.Scope scope, ExecChain chain)
            throws IOException, HttpException {
        long deadline = System.nanoTime() + LONGEST.toNanos();
        long sent = request.getEntity() == null ? 0 : Math.max(0, request.getEntity().getContentLength());
        ClassicHttpResponse response = chain.proceed(request, scope);
        if (response.getEntity() != null) {
            response.setEntity(new Limited(response.getEntity(), scope.execRuntime, LARGEST_BESIDE_THE_REQUEST + 2 * sent, deadline));
        }
        return response;
    }

    private static final class Limited extends HttpEntityWrapper {

        private final ExecRuntime connection;
        private final long largest;
        private final long deadline;
        private Content content;

        Limited(HttpEntity answer, ExecRuntime connection, long largest, long deadline) {
            super(answer);
            this.connection = connection;
            this.largest = largest;
            this.deadline = deadline;
        }

        @Override
        public InputStream getContent() throws IOException {
            if (content == null) {
                content = new Content(super.getContent());
            }
            return content;
        }

        @Override
        public void close() throws IOException {
            if (content == null || !content.brokenOff) {
                super.close();
            }
        }

        private final class Content extends FilterInputStream {

            private long read;
            private boolean brokenOff;

            Content(InputStream answer) {
                super(answer);
            }

            @Override
            public int read() throws IOException {
                return counted(super.read(), 1);
            }

            @Override
            public int read(byte[] target, int offset, int length) throws IOException {
                int count = super.read(target, offset, length);
                return counted(count, count);
            }

            private int counted(int result, int count) throws IOException {
                if (result >= 0) {
                    read += count;
                    if (read > largest || System.nanoTime() - deadline > 0) {
                        brokenOff = true;
                        connection.discardEndpoint();
                        throw new IOException(read > largest ? "the answer is larger than " + largest + " bytes"
                                : "the answer is not complete after " + LONGEST.toSeconds() + " s");
                    }
                }
                return result;
            }

            /** The client would read the rest first, so that the connection can be used again; but that is closed. */
            @Override
            public void close() throws IOException {
                if (!brokenOff) {
                    super.close();
                }
            }
        }
    }
}
