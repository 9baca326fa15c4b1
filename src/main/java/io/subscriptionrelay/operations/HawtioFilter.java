package io.subscriptionrelay.operations;

import io.hawt.system.ConfigManager;
import io.hawt.web.auth.AuthenticationConfiguration;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.web.filter.OncePerRequestFilter;

/** Gives Hawtio the login of this port, and stands before what Hawtio itself does too freely. */
final class HawtioFilter extends OncePerRequestFilter {

    /** Hawtio reads the body of a login to its end, before anybody has logged in. */
    private static final int LARGEST_LOGIN = 8192;

    private final ConsoleAuthenticationProvider users;
    private final LoginThrottle throttle;
    private final OperationsPaths paths;

    HawtioFilter(ConsoleAuthenticationProvider users, LoginThrottle throttle, OperationsPaths paths) {
        this.users = users;
        this.throttle = throttle;
        this.paths = paths;
    }

    /** Hawtio's listener has made its settings before any filter is initialised. */
    @Override
    protected void initFilterBean() {
        if (getServletContext().getAttribute(ConfigManager.CONFIG_MANAGER) != null) {
            AuthenticationConfiguration hawtio = AuthenticationConfiguration.getConfiguration(getServletContext());
            hawtio.setSpringSecurityEnabled(true);
            hawtio.setConfiguration(HawtioLogin.configuration(users));
        }
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain) throws ServletException, IOException {
        String path = request.getRequestURI();
        // the proxy would call wherever the path says; whether it is on may be asked, or Hawtio offers to connect elsewhere
        if (path.startsWith(paths.hawtio() + "/proxy") && !path.equals(paths.hawtio() + "/proxy/enabled")) {
            OperationsEntryPoint.refuse(response, HttpServletResponse.SC_NOT_FOUND, "there is nothing here");
        } else if (!paths.isHawtioLogin(request)) {
            chain.doFilter(request, response);
        } else if (request.getContentLengthLong() < 0 || request.getContentLengthLong() > LARGEST_LOGIN) {
            OperationsEntryPoint.refuse(response, HttpServletResponse.SC_REQUEST_ENTITY_TOO_LARGE,
                    "a login is at most " + LARGEST_LOGIN + " bytes and says its length");
        } else if (throttle.lockedSeconds(request.getRemoteAddr()) > 0) {
            // Hawtio would answer 403 and leave out how long it lasts
            OperationsEntryPoint.locked(response, new TooManyAttemptsException(throttle.lockedSeconds(request.getRemoteAddr())));
        } else {
            chain.doFilter(request, response);
        }
    }
}
