package io.subscriptionrelay.operations;

import java.util.Objects;
import java.util.Optional;
import org.springframework.security.authentication.AuthenticationProvider;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.authority.AuthorityUtils;
import org.springframework.security.web.authentication.WebAuthenticationDetails;

/** Knows the console's user and the one who may only look. Every way to log in ends here, so that wrong passwords are counted wherever they were typed. */
final class ConsoleAuthenticationProvider implements AuthenticationProvider {

    private final ConsoleAccess access;
    private final LoginThrottle throttle;

    ConsoleAuthenticationProvider(ConsoleAccess access, LoginThrottle throttle) {
        this.access = access;
        this.throttle = throttle;
    }

    /**
     * Only a password that was compared and found right clears what is counted against an address.
     *
     * @throws TooManyAttemptsException without looking at the password, when its address has guessed too often
     * @throws BadCredentialsException when user or password is wrong
     */
    @Override
    public Authentication authenticate(Authentication given) {
        String address = given.getDetails() instanceof WebAuthenticationDetails details ? details.getRemoteAddress() : "";
        long locked = throttle.lockedSeconds(address);
        if (locked > 0) {
            throw new TooManyAttemptsException(locked);
        }
        boolean operator = match(access.credentials(), given);
        boolean viewer = match(access.viewer(), given);
        if (!operator && !viewer) {
            throttle.failed(address);
            throw new BadCredentialsException("wrong user or password for the console");
        }
        throttle.succeeded(address);
        UsernamePasswordAuthenticationToken known = UsernamePasswordAuthenticationToken.authenticated(given.getName(), null,
                AuthorityUtils.createAuthorityList("ROLE_" + (operator ? Roles.OPERATOR : Roles.VIEWER)));
        known.setDetails(given.getDetails());
        return known;
    }

    private static boolean match(Optional<Credentials> credentials, Authentication given) {
        return credentials.isPresent() && credentials.get().match(given.getName(), Objects.toString(given.getCredentials(), null));
    }

    @Override
    public boolean supports(Class<?> authentication) {
        return UsernamePasswordAuthenticationToken.class.isAssignableFrom(authentication);
    }
}
