/**
 * The front door: the configuration of a proxy, and the life of a request from its head to its access line.
 */
@NullMarked
package io.weir;

import org.jspecify.annotations.NullMarked;
