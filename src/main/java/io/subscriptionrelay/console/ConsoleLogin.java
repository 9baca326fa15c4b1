package io.subscriptionrelay.console;

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

/** What Hawtio's login page asks. JAAS creates it by its name, hence public. */
public final class ConsoleLogin implements LoginModule {

    private static final String CREDENTIALS = "credentials";

    private Subject subject;
    private CallbackHandler callbacks;
    private Credentials credentials;
    private UserPrincipal user;

    /** A JAAS configuration of its own, which leaves that of the JVM alone; without credentials nobody can log in. */
    static Configuration configuration(Credentials credentials) {
        Map<String, ?> options = credentials == null ? Map.of() : Map.of(CREDENTIALS, credentials);
        AppConfigurationEntry[] entries = {
            new AppConfigurationEntry(ConsoleLogin.class.getName(), LoginModuleControlFlag.REQUIRED, options)
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
        this.credentials = (Credentials) options.get(CREDENTIALS);
    }

    @Override
    public boolean login() throws LoginException {
        NameCallback name = new NameCallback("user");
        PasswordCallback password = new PasswordCallback("password", false);
        try {
            callbacks.handle(new Callback[] {name, password});
        } catch (IOException | UnsupportedCallbackException e) {
            throw refused();
        }
        char[] given = password.getPassword();
        password.clearPassword();
        if (credentials == null || given == null || !credentials.match(name.getName(), new String(given))) {
            throw refused();
        }
        user = new UserPrincipal(credentials.user());
        return true;
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
