package io.subscriptionrelay.webhook;

import jakarta.servlet.ServletException;
import java.io.IOException;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ValveBase;

/** Keeps Tomcat from writing a page about an error: whoever meets one on the public port learns its status and nothing else. */
final class NoErrorReport extends ValveBase {

    NoErrorReport() {
        super(true);
    }

    @Override
    public void invoke(Request request, Response response) throws IOException, ServletException {
        getNext().invoke(request, response);
        // the valve that writes the page takes it for written
        response.setErrorReported();
    }
}
