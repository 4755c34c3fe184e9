/**
 * The proxy on Jetty: as a server of its own, or as a handler inside another.
 */
@NullMarked
package io.weir.jetty;

import org.jspecify.annotations.NullMarked;
