package io.subscriptionrelay.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import io.subscriptionrelay.webhook.BodyBudget.Share;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BodyBudgetTest {

    private final List<String> lost = new ArrayList<>();

    @Test
    void whenItIsFullTheOldestGivesWayUntilThereIsRoom() {
        BodyBudget budget = new BodyBudget(100, true);
        Share first = share(budget, "first", 40);
        Share second = share(budget, "second", 30);
        Share third = share(budget, "third", 30);
        assertThat(second.resize(35)).isTrue();
        assertThat(lost).containsExactly("first");
        assertThat(first.keep()).isFalse();
        assertThat(first.resize(1)).as("gone for good").isFalse();
        assertThat(third.resize(90)).isTrue();
        assertThat(lost).containsExactly("first", "second");
    }

    @Test
    void theOldestGivesWayToItself() {
        BodyBudget budget = new BodyBudget(100, true);
        Share first = share(budget, "first", 50);
        Share second = share(budget, "second", 50);
        assertThat(first.resize(51)).isFalse();
        assertThat(lost).containsExactly("first");
        assertThat(second.resize(100)).isTrue();
    }

    @Test
    void oneThatIsWholeGivesWayToNobody() {
        BodyBudget budget = new BodyBudget(100, true);
        Share whole = share(budget, "whole", 60);
        assertThat(whole.keep()).isTrue();
        share(budget, "waiting", 40);
        assertThat(budget.share(() -> lost.add("late")).resize(50)).isFalse();
        assertThat(lost).containsExactly("waiting", "late");
        whole.release();
        share(budget, "last", 100);
    }

    @Test
    void amongKnownSendersTheOneThatNeedsMoreIsRefused() {
        BodyBudget budget = new BodyBudget(100, false);
        Share first = share(budget, "first", 60);
        Share second = share(budget, "second", 40);
        assertThat(second.resize(41)).isFalse();
        assertThat(lost).containsExactly("second");
        assertThat(first.resize(100)).as("what it had is free again").isTrue();
    }

    private Share share(BodyBudget budget, String name, long bytes) {
        Share share = budget.share(() -> lost.add(name));
        assertThat(share.resize(bytes)).as(name).isTrue();
        return share;
    }
}
