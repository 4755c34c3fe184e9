/**
 * What stands on a client's connection before HTTP does, in this order:
 *
 * <pre>
 *   accepted ──▶ ProxyProtocolConnections ──▶ TlsConnections ──▶ TlsNegotiation ──▶ HTTP/1.1 or HTTP/2
 *                  (if switched on)             (on a TLS listener)
 * </pre>
 *
 * <p>Each reads what is its own and makes room for the next; all of it counts to the clientHead clock.
 */
@NullMarked
package io.weir.jetty.listen;

import org.jspecify.annotations.NullMarked;
