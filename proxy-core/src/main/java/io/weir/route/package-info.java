/**
 * Which site and route a request belongs to, and what becomes of its path on the way there and of redirects and cookies
 * on the way back. Imports the floors below: upstream, middleware, body, header, http. Values come first
 * ({@link io.weir.route.Site}, {@link io.weir.route.Route}); {@link io.weir.route.RouteTable} is what they compile to.
 */
@NullMarked
package io.weir.route;

import org.jspecify.annotations.NullMarked;
