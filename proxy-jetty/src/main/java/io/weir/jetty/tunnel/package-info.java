/**
 * Connections that have switched to another protocol: {@link io.weir.jetty.tunnel.Tunnel} passes their bytes both ways.
 * Imports Jetty and the package server of this module.
 */
@NullMarked
package io.weir.jetty.tunnel;

import org.jspecify.annotations.NullMarked;
