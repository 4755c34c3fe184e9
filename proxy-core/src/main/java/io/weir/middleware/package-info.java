/**
 * What may answer, change or hold a request before an upstream sees it. Imports only {@code io.weir.http} and
 * {@code io.weir.header}. Start with {@link io.weir.middleware.Middleware}.
 */
@NullMarked
package io.weir.middleware;

import org.jspecify.annotations.NullMarked;
