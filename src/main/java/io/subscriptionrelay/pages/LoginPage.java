package io.subscriptionrelay.pages;

import jakarta.servlet.http.HttpServletRequest;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;

/** {@code /login}: where a person is sent who asks for a page of the operations port, and from where he is sent back. */
@Controller
class LoginPage {

    private static final String VIEWER = "VIEWER";

    @GetMapping("/")
    String home(HttpServletRequest request) {
        return request.isUserInRole(EveryPage.OPERATOR) || request.isUserInRole(VIEWER) ? "redirect:/overview" : "redirect:/login";
    }

    @GetMapping("/login")
    String show(Model model, @RequestParam(required = false) String error) {
        model.addAttribute("wrong", error != null);
        return "login";
    }
}
