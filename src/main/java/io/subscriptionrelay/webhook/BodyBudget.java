package io.subscriptionrelay.webhook;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The memory that bodies may take while the rest of them is waited for. Whoever sends slowly holds his share for long. So where senders have
 * proved nothing yet, a full budget is made free by the body that has been waited for longest: an honest one is here within moments, and to
 * keep it out somebody would have to fill the whole budget anew in that time. Patience does not do that, only bandwidth.
 */
final class BodyBudget {

    private final long size;
    private final boolean oldestGivesWay;
    /** Those that may have to give way, the oldest first. */
    private final Set<Share> waiting = new LinkedHashSet<>();
    private long taken;

    /**
     * Makes an empty one.
     *
     * @param size in bytes
     * @param oldestGivesWay whether a body that needs room takes it from the oldest; otherwise it is refused itself
     */
    BodyBudget(long size, boolean oldestGivesWay) {
        this.size = size;
        this.oldestGivesWay = oldestGivesWay;
    }

    /**
     * A share of nothing, for one body.
     *
     * @param lost run when the share is lost to another body, or was refused: it has to forget its bytes. In any thread
     */
    Share share(Runnable lost) {
        return new Share(lost);
    }

    final class Share {

        private final Runnable lost;
        private long bytes;
        private boolean gone;

        private Share(Runnable lost) {
            this.lost = lost;
        }

        boolean of(BodyBudget budget) {
            return budget == BodyBudget.this;
        }

        /** Takes so many bytes in all. False when the share is gone: there was no room for it, or it had to give way. */
        boolean resize(long to) {
            List<Share> losers = new ArrayList<>();
            boolean kept;
            synchronized (BodyBudget.this) {
                if (gone) {
                    return false;
                }
                take(to);
                waiting.add(this);
                while (taken > size && !gone) {
                    Share loser = oldestGivesWay ? waiting.iterator().next() : this;
                    loser.leave();
                    losers.add(loser);
                }
                kept = !gone;
            }
            losers.forEach(loser -> loser.lost.run());
            return kept;
        }

        /** From now on it gives way to nobody, because its body is whole. False when it is gone already. */
        boolean keep() {
            synchronized (BodyBudget.this) {
                waiting.remove(this);
                return !gone;
            }
        }

        void release() {
            synchronized (BodyBudget.this) {
                leave();
            }
        }

        private void take(long to) {
            taken += to - bytes;
            bytes = to;
        }

        private void leave() {
            gone = true;
            take(0);
            waiting.remove(this);
        }
    }
}
