package io.subscriptionrelay.operations;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.springframework.core.io.ClassPathResource;
import org.springframework.core.io.Resource;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.security.web.csrf.CsrfToken;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseBody;
import org.springframework.web.util.HtmlUtils;

/** {@code /login}: where a person is sent who asks for a page of the operations port, and from where he is sent back. */
@Controller
class LoginPage {

    private final String page = text("pages/login.html");
    private final OperationsPaths paths;

    LoginPage(OperationsPaths paths) {
        this.paths = paths;
    }

    /** Whoever has not logged in is sent on to the login from there. */
    @GetMapping("/")
    String home() {
        return "redirect:" + paths.home();
    }

    @GetMapping(path = "/login", produces = "text/html; charset=utf-8")
    @ResponseBody
    String show(CsrfToken token, @RequestParam(required = false) String error) {
        return page.replace("{token}", HtmlUtils.htmlEscape(token.getToken()))
                .replace("{problem}", error == null ? "" : "<p role=\"alert\">User or password is wrong.</p>");
    }

    @GetMapping("/login.css")
    ResponseEntity<Resource> style() {
        return ResponseEntity.ok().contentType(new MediaType("text", "css", StandardCharsets.UTF_8)).body(new ClassPathResource("pages/login.css"));
    }

    private static String text(String resource) {
        try {
            return new ClassPathResource(resource).getContentAsString(StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
