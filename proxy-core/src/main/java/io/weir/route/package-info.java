/**
 * Which site and route a request belongs to, and what becomes of its path.
 */
@NullMarked
package io.weir.route;

import org.jspecify.annotations.NullMarked;
