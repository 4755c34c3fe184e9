/**
 * TLS: certificates and keys out of PEM files, and what Jetty needs to speak it. {@link io.weir.jetty.tls.Pem} reads,
 * {@link io.weir.jetty.tls.UpstreamSslContext} is one upstream's settings made ready.
 */
@NullMarked
package io.weir.jetty.tls;

import org.jspecify.annotations.NullMarked;
