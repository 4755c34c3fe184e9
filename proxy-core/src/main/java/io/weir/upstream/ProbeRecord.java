package io.weir.upstream;

/** What probes have found out about one upstream, and when the next is due. Guarded by its pool's lock. */
final class ProbeRecord {
    private boolean ill;
    /** Results in a row that speak against what is held now. */
    private int doubts;

    private boolean scheduled;
    private long nextAt;

    boolean isIll() {
        return ill;
    }

    /** Notes a result; returns whether the upstream is held for the opposite now. */
    boolean note(ActiveHealth rule, boolean well) {
        if (well != ill) {
            doubts = 0;
            return false;
        }
        doubts++;
        if (doubts < (well ? rule.rise() : rule.fall())) {
            return false;
        }
        doubts = 0;
        ill = !well;
        return true;
    }

    /** Nanoseconds until a probe is due, 0 or less if one is. A new rule may ask for it earlier than an old one did. */
    long untilDue(ActiveHealth rule, long now) {
        return scheduled ? Math.min(nextAt - now, rule.latest()) : 0;
    }

    /** One is being sent. */
    void sent(ActiveHealth rule, long now, long chance) {
        scheduled = true;
        nextAt = now + rule.untilNext(chance);
    }
}
