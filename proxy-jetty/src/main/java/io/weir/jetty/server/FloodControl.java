package io.weir.jetty.server;

import java.time.Duration;
import org.eclipse.jetty.http2.frames.DataFrame;
import org.eclipse.jetty.http2.frames.WindowUpdateFrame;
import org.eclipse.jetty.io.RateControl;
import org.eclipse.jetty.io.WindowRateControl;

/**
 * How many frames an HTTP/2 client may send in a second that cost the proxy something and bring nothing on. Jetty counts
 * two kinds too many, both for streams that have ended here: window updates of a client that has yet to read what is on its
 * way, and the rest of an upload that was answered early. An honest client may have hundreds of them on the wire, and neither
 * costs more than it does for a stream that is open, where nobody counts.
 */
final class FloodControl implements RateControl {
    private static final int PER_SECOND = 128;

    private final RateControl counted = new WindowRateControl(PER_SECOND, Duration.ofSeconds(1));

    @Override
    public boolean onEvent(Object event) {
        if (event instanceof WindowUpdateFrame update && update.getWindowDelta() > 0) {
            return true;
        }
        if (event instanceof DataFrame data && data.flowControlLength() > 0) {
            return true;
        }
        return counted.onEvent(event);
    }
}
