package io.subscriptionrelay.pages;

import io.subscriptionrelay.history.BrokerSilentException;
import io.subscriptionrelay.history.UncheckedStoreException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.springframework.boot.actuate.autoconfigure.endpoint.web.WebEndpointProperties;
import org.springframework.dao.DataAccessException;
import org.springframework.security.access.AccessDeniedException;
import org.springframework.ui.Model;
import org.springframework.validation.support.BindingAwareModelMap;
import org.springframework.web.bind.annotation.ControllerAdvice;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.ModelAttribute;
import org.springframework.web.servlet.ModelAndView;

/** What every page has: who is logged in, and what is shown when something cannot be. */
@ControllerAdvice(basePackageClasses = EveryPage.class)
class EveryPage {

    static final String OPERATOR = "OPERATOR";

    private final String hawtio;

    EveryPage(WebEndpointProperties endpoints) {
        hawtio = endpoints.getBasePath() + "/hawtio/";
    }

    /** Whether content of events may be shown, and anything changed. */
    @ModelAttribute("operator")
    boolean operator(HttpServletRequest request) {
        return request.isUserInRole(OPERATOR);
    }

    /**
     * Refuses a page with the content of an event to who may only look.
     *
     * @throws AccessDeniedException saying who may
     */
    static void operatorOnly(HttpServletRequest request) {
        if (!request.isUserInRole(OPERATOR)) {
            throw new AccessDeniedException("this page has the content of an event, which only the console's user sees");
        }
    }

    /** Who is logged in; null on the login page. */
    @ModelAttribute("user")
    String user(HttpServletRequest request) {
        return request.getUserPrincipal() == null ? null : request.getUserPrincipal().getName();
    }

    @ModelAttribute("hawtio")
    String hawtio() {
        return hawtio;
    }

    @ExceptionHandler
    ModelAndView wrong(IllegalArgumentException e, HttpServletRequest request, HttpServletResponse response) {
        return error(request, response, 400, e.getMessage());
    }

    @ExceptionHandler
    ModelAndView gone(NothingHereException e, HttpServletRequest request, HttpServletResponse response) {
        return error(request, response, 404, e.getMessage());
    }

    @ExceptionHandler({UncheckedStoreException.class, DataAccessException.class})
    ModelAndView historySilent(RuntimeException e, HttpServletRequest request, HttpServletResponse response) {
        return error(request, response, 503, "history or the state database does not answer; webhooks and deliveries go on, so ask again in a moment");
    }

    @ExceptionHandler
    ModelAndView brokerSilent(BrokerSilentException e, HttpServletRequest request, HttpServletResponse response) {
        return error(request, response, 503, "the broker does not answer; ask again in a moment");
    }

    private ModelAndView error(HttpServletRequest request, HttpServletResponse response, int status, String why) {
        response.setStatus(status);
        Model model = new BindingAwareModelMap();
        model.addAttribute("operator", operator(request));
        model.addAttribute("user", user(request));
        model.addAttribute("hawtio", hawtio);
        return new ModelAndView(ErrorPage.show(model, status, why), model.asMap());
    }
}
