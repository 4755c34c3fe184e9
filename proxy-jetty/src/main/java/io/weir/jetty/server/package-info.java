/**
 * What Jetty's server half lacks for a proxy: a client that leaves is noticed at once, and an exchange stays on one
 * thread from its request to the end of its answer.
 *
 * <pre>
 *   client ──▶ WatchedEndPoint ─┐                     ┌─ upstream connection ──▶ upstream
 *                               ├─ one selector thread ┤
 *              HttpConnection ──┘   (SharedSelector-   └─ InlineThreadPool: the next request
 *                                    Connector)           of the client, on the same thread
 * </pre>
 *
 * <p>Messages leave at the end of a selector's turn ({@link io.weir.jetty.server.SharedSelector#atEndOfTurn}): under load that
 * wakes their receivers less often.
 *
 * <p>Start at {@link io.weir.jetty.server.SharedSelectorConnector}. Knows Jetty, and nothing of Weir.
 */
@NullMarked
package io.weir.jetty.server;

import org.jspecify.annotations.NullMarked;
