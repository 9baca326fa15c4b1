package io.subscriptionrelay.pages;

import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;

/** {@code /login}: where a person is sent who asks for a page of the operations port, and from where he is sent back. */
@Controller
class LoginPage {

    /** For whoever has logged in. */
    @GetMapping("/")
    String home() {
        return "redirect:/overview";
    }

    @GetMapping("/login")
    String show(Model model, @RequestParam(required = false) String error) {
        model.addAttribute("wrong", error != null);
        return "login";
    }
}
