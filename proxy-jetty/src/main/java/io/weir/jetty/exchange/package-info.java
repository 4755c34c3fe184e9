/**
 * One exchange at work: {@link io.weir.jetty.exchange.ExchangeRunner} performs what the core decides, and reports. Imports
 * the core, Jetty and the packages of this module below: upstream, body, server.
 */
@NullMarked
package io.weir.jetty.exchange;

import org.jspecify.annotations.NullMarked;
