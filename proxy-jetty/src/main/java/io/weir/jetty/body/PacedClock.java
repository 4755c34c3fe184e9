package io.weir.jetty.body;

import io.weir.jetty.server.Clock;
import io.weir.upstream.MinimumRate;
import java.time.Duration;

/** A clock of one client's that runs out early where the client falls behind a rate. Not for several threads at once. */
final class PacedClock {
    private final Clock clock;
    private final MinimumRate rate;
    private volatile long waited;
    private volatile long since;
    private volatile boolean running;

    PacedClock(Clock clock, MinimumRate rate) {
        this.clock = clock;
        this.rate = rate;
    }

    /**
     * The client is waited for.
     *
     * @param patience how long at most, whatever its rate
     * @param bytes what it has moved so far, or is to have moved when it is waited for no more
     */
    void start(Duration patience, long bytes) {
        since = System.nanoTime();
        running = true;
        Duration left = rate.left(bytes, waited);
        clock.start(left.compareTo(patience) < 0 ? left : patience);
    }

    /** It is waited for no more. */
    void stop() {
        clock.stop();
        if (running) {
            running = false;
            waited += System.nanoTime() - since;
        }
    }
}
