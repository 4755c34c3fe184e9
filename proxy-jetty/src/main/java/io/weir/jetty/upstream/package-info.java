/**
 * Connections to upstreams. An {@link io.weir.jetty.upstream.UpstreamTransport} carries one attempt; the one for HTTP/1.1
 * is our own, because only there do clocks, retry and back-pressure mean what they should. Imports the core, Jetty and
 * {@code io.weir.jetty.body}.
 *
 * <p>{@link io.weir.jetty.upstream.HealthProber} sends probes, each a {@code ProbeRun}, over the same transport.
 *
 * <pre>
 *   Http1Transport ── takes from ──▶ Http1Pool ── or ──▶ ConnectAttempt
 *        │                              ▲ parks
 *        ▼                              │
 *   Http1Call (one attempt) ───▶ Http1Connection (reads) ──▶ ResponseParser (understands)
 *        └── RequestSender (writes) ──▶ UpstreamEndPoint (the socket)
 * </pre>
 */
@NullMarked
package io.weir.jetty.upstream;

import org.jspecify.annotations.NullMarked;
