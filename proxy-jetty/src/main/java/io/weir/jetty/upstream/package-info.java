/**
 * Connections to upstreams. An {@link io.weir.jetty.upstream.UpstreamTransport} carries one attempt; {@code Transports}
 * picks the one of the pool's protocol. The one for HTTP/1.1 is our own, because only there do clocks, retry and back-pressure
 * mean what they should; the one for HTTP/2 stands on Jetty's sessions and streams. Imports the core, Jetty and
 * {@code io.weir.jetty.body}.
 *
 * <p>{@link io.weir.jetty.upstream.Upkeep} sends probes, each a {@code ProbeRun}, over the same transport, and has connections
 * opened ahead of requests.
 *
 * <pre>
 *   Http1Transport ── takes from ──▶ Http1Pool ── or ──▶ ConnectAttempt
 *        │                              ▲ parks
 *        ▼                              │
 *   Http1Call (one attempt) ───▶ Http1Connection (reads) ──▶ ResponseParser (understands; PlainHead: most heads)
 *        └── RequestSender (writes) ──▶ UpstreamEndPoint (the socket)
 *
 *   Http2Transport ──▶ Http2Pool ── shares ──▶ Http2Connection, or opens one by Http2Connect
 *        ▼                                        ▲ a stream of
 *   Http2Call (one attempt) ──────────────────────┘
 *        └── Http2Sender (writes the body)
 * </pre>
 */
@NullMarked
package io.weir.jetty.upstream;

import org.jspecify.annotations.NullMarked;
