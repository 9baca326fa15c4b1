package io.subscriptionrelay.pages;

import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Map;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.RequestMapping;

/** What a person sees of an error: what, why, and what to do. Programs get their JSON as before. */
@Controller
class ErrorPage {

    private static final Map<Integer, String> WHAT = Map.of(400, "This address or form is not right", 403, "This login may not do that",
            404, "There is nothing here", 405, "This address is for something else", 500, "The relay has made a mistake", 503, "This cannot be asked now");
    private static final Map<Integer, String> WHY = Map.of(403, "this login may only look, and sees no content of events; log in as the console's user",
            404, "the address is wrong, or what it meant is gone", 500, "the log says which; webhooks and deliveries go on");

    @RequestMapping(path = "${server.error.path:${error.path:/error}}", produces = MediaType.TEXT_HTML_VALUE)
    String show(HttpServletRequest request, Model model) {
        Object code = request.getAttribute(RequestDispatcher.ERROR_STATUS_CODE);
        int status = code instanceof Integer number ? number : HttpStatus.NOT_FOUND.value();
        Object said = request.getAttribute(RequestDispatcher.ERROR_MESSAGE);
        // of a failure, the message may be anybody's
        boolean ours = status == HttpStatus.FORBIDDEN.value() && said != null && !said.toString().isBlank();
        return show(model, status, ours ? said.toString() : WHY.getOrDefault(status, ""));
    }

    static String show(Model model, int status, String why) {
        model.addAttribute("status", status);
        model.addAttribute("what", WHAT.getOrDefault(status, "This did not work"));
        model.addAttribute("why", why);
        return "error";
    }
}
