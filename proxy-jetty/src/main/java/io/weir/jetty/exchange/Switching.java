package io.weir.jetty.exchange;

import io.weir.jetty.tunnel.Passages;
import io.weir.jetty.websocket.Bridges;

/**
 * What exchanges share that switch protocols.
 *
 * @param passages those that have, while they last
 * @param bridges what those need that are watched over
 */
public record Switching(Passages passages, Bridges bridges) {}
