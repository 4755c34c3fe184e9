/**
 * Real sockets for tests: the clients and the origin servers that a proxy meets in the wild, misbehaving on demand.
 *
 * <p>Both sides speak raw bytes, so that a test says exactly what goes over the wire and sees exactly what came:
 * {@link io.weir.testkit.RawClient} and {@link io.weir.testkit.H2Client} stand downstream of the proxy,
 * {@link io.weir.testkit.ScriptedUpstream} and {@link io.weir.testkit.EchoUpstream} upstream, and
 * {@link io.weir.testkit.Nginx} is the real nginx to compare with. Strings are Latin-1 everywhere: one character is one
 * byte. Each wait ends after {@link io.weir.testkit.Await#DEADLINE} and then says what it had seen. Nothing here knows
 * Weir.
 *
 * <p>Start reading at {@code ScriptedUpstream}.
 */
package io.weir.testkit;
