package io.weir.jetty.tunnel;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Those that are open, so that they can be told when the proxy is going away. */
public final class Passages {
    private final Set<Passage> open = ConcurrentHashMap.newKeySet();
    private volatile boolean goingAway;

    /** One more. It is told at once if the proxy is going away already. */
    public void add(Passage passage) {
        open.add(passage);
        if (goingAway) {
            passage.goAway();
        }
    }

    /** One has ended. */
    public void remove(Passage passage) {
        open.remove(passage);
    }

    /** Tells all of them, and those that are still to come. */
    public void goAway() {
        goingAway = true;
        open.forEach(Passage::goAway);
    }

    /** Whether they have been told. */
    public boolean isGoingAway() {
        return goingAway;
    }

    /** The proxy starts again. */
    public void stay() {
        goingAway = false;
    }
}
