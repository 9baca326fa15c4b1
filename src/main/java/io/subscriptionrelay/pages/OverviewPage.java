package io.subscriptionrelay.pages;

import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseBody;

/** {@code /overview}: what flows where, and what needs attention. */
@Controller
class OverviewPage {

    private final Overview overview;

    OverviewPage(Overview overview) {
        this.overview = overview;
    }

    @GetMapping("/overview")
    String show(Model model) {
        Overview.Flow flow = overview.flow();
        model.addAttribute("flow", flow);
        model.addAttribute("attention", overview.attention(flow));
        model.addAttribute("firstSteps", overview.firstSteps(flow));
        model.addAttribute("lastHour", overview.lastHour());
        return "overview";
    }

    /** What the charts show. */
    @GetMapping("/overview/series")
    @ResponseBody
    FlowSamples.Series series(@RequestParam(defaultValue = "hour") String of) {
        return overview.series(of.equals("day"));
    }
}
