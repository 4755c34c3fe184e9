/**
 * WebSockets that are watched over: {@link io.weir.jetty.websocket.WebSocketBridge} reads the messages of either side through
 * Jetty's WebSocket API and sends them on. Imports the core, Jetty and of this module server and tunnel.
 */
@NullMarked
package io.weir.jetty.websocket;

import org.jspecify.annotations.NullMarked;
