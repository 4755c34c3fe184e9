package io.weir.jetty.server;

import java.time.Duration;

/**
 * How long a client may take between two requests over HTTP/1; the connection is closed then.
 *
 * @param head for a whole head, from the connection's opening or the head's first byte on
 * @param keepAlive until the next request begins
 */
public record ClientClocks(Duration head, Duration keepAlive) {
    static final ClientClocks DEFAULTS = new ClientClocks(Duration.ofSeconds(60), Duration.ofSeconds(75));
}
