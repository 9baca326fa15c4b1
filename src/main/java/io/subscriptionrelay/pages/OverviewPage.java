package io.subscriptionrelay.pages;

import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.GetMapping;

/** {@code /overview}: what flows where, and what needs attention. */
@Controller
class OverviewPage {

    @GetMapping("/overview")
    String show() {
        return "overview";
    }
}
