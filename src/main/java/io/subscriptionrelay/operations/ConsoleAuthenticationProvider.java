package io.subscriptionrelay.operations;

import java.util.Objects;
import org.springframework.security.authentication.AuthenticationProvider;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.authority.AuthorityUtils;
import org.springframework.security.web.authentication.WebAuthenticationDetails;

/** Knows the console's one user. Every way to log in ends here, so that wrong passwords are counted wherever they were typed. */
final class ConsoleAuthenticationProvider implements AuthenticationProvider {

    private final Credentials credentials;
    private final LoginThrottle throttle;

    /** @param credentials null: nobody can log in */
    ConsoleAuthenticationProvider(Credentials credentials, LoginThrottle throttle) {
        this.credentials = credentials;
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
        if (credentials == null || !credentials.match(given.getName(), Objects.toString(given.getCredentials(), null))) {
            throttle.failed(address);
            throw new BadCredentialsException("wrong user or password for the console");
        }
        throttle.succeeded(address);
        UsernamePasswordAuthenticationToken known = UsernamePasswordAuthenticationToken.authenticated(credentials.user(), null,
                AuthorityUtils.createAuthorityList("ROLE_" + Roles.OPERATOR));
        known.setDetails(given.getDetails());
        return known;
    }

    @Override
    public boolean supports(Class<?> authentication) {
        return UsernamePasswordAuthenticationToken.class.isAssignableFrom(authentication);
    }
}
