package io.subscriptionrelay.operations;

import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.security.Principal;
import java.util.Map;
import javax.security.auth.Subject;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.CallbackHandler;
import javax.security.auth.callback.NameCallback;
import javax.security.auth.callback.PasswordCallback;
import javax.security.auth.callback.UnsupportedCallbackException;
import javax.security.auth.login.AppConfigurationEntry;
import javax.security.auth.login.AppConfigurationEntry.LoginModuleControlFlag;
import javax.security.auth.login.Configuration;
import javax.security.auth.login.FailedLoginException;
import javax.security.auth.login.LoginException;
import javax.security.auth.spi.LoginModule;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.core.context.SecurityContext;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.security.web.authentication.WebAuthenticationDetails;
import org.springframework.security.web.context.HttpSessionSecurityContextRepository;
import org.springframework.web.context.request.RequestContextHolder;
import org.springframework.web.context.request.ServletRequestAttributes;

/**
 * What Hawtio asks whether somebody is logged in: passes the question on to Spring Security, so that one login is enough for the whole
 * port, whichever of the two took it. JAAS creates it by its name, hence public.
 */
public final class HawtioLogin implements LoginModule {

    private static final String USERS = "users";

    private Subject subject;
    private CallbackHandler callbacks;
    private ConsoleAuthenticationProvider users;
    private UserPrincipal user;

    /** A JAAS configuration of its own, which leaves that of the JVM alone. */
    static Configuration configuration(ConsoleAuthenticationProvider users) {
        AppConfigurationEntry[] entries = {
            new AppConfigurationEntry(HawtioLogin.class.getName(), LoginModuleControlFlag.REQUIRED, Map.of(USERS, users))
        };
        return new Configuration() {
            @Override
            public AppConfigurationEntry[] getAppConfigurationEntry(String realm) {
                return entries;
            }
        };
    }

    @Override
    public void initialize(Subject subject, CallbackHandler callbacks, Map<String, ?> sharedState, Map<String, ?> options) {
        this.subject = subject;
        this.callbacks = callbacks;
        this.users = (ConsoleAuthenticationProvider) options.get(USERS);
    }

    @Override
    public boolean login() throws LoginException {
        Authentication known = SecurityContextHolder.getContext().getAuthentication();
        if (!operator(known)) {
            known = logInWithWhatWasTyped();
        }
        user = new UserPrincipal(known.getName());
        return true;
    }

    /** Who may only look has no business here. */
    private static boolean operator(Authentication known) {
        return known != null && known.getAuthorities().stream().anyMatch(role -> role.getAuthority().equals("ROLE_" + Roles.OPERATOR));
    }

    private Authentication logInWithWhatWasTyped() throws LoginException {
        NameCallback name = new NameCallback("user");
        PasswordCallback password = new PasswordCallback("password", false);
        try {
            callbacks.handle(new Callback[] {name, password});
        } catch (IOException | UnsupportedCallbackException e) {
            throw refused();
        }
        char[] given = password.getPassword();
        password.clearPassword();
        if (!(RequestContextHolder.getRequestAttributes() instanceof ServletRequestAttributes request) || given == null) {
            throw refused();
        }
        UsernamePasswordAuthenticationToken typed = UsernamePasswordAuthenticationToken.unauthenticated(name.getName(), new String(given));
        typed.setDetails(new WebAuthenticationDetails(request.getRequest()));
        try {
            Authentication known = users.authenticate(typed);
            if (!operator(known)) {
                throw refused();
            }
            remember(known, request);
            return known;
        } catch (AuthenticationException e) {
            throw refused();
        }
    }

    private static void remember(Authentication known, ServletRequestAttributes exchange) {
        HttpServletRequest request = exchange.getRequest();
        if (request.getSession(false) != null) {
            // somebody else may have brought it about, and know its id
            request.changeSessionId();
        }
        SecurityContext context = SecurityContextHolder.createEmptyContext();
        context.setAuthentication(known);
        SecurityContextHolder.setContext(context);
        new HttpSessionSecurityContextRepository().saveContext(context, request, exchange.getResponse());
    }

    /** Hawtio logs this message; it says nothing of what was typed. */
    private static FailedLoginException refused() {
        return new FailedLoginException("wrong user or password for the console");
    }

    @Override
    public boolean commit() {
        return user != null && (subject.getPrincipals().add(user) || subject.getPrincipals().contains(user));
    }

    @Override
    public boolean abort() {
        return logout();
    }

    @Override
    public boolean logout() {
        if (user != null) {
            subject.getPrincipals().remove(user);
            user = null;
        }
        return true;
    }

    /** Hawtio takes the user's name from a principal whose class is called like this. */
    private record UserPrincipal(String name) implements Principal {
        @Override
        public String getName() {
            return name;
        }
    }
}
