/**
 * The vocabulary: heads, fields, paths, addresses, errors. Values only, on {@code java.*} alone; everything else is built
 * of these. Start with {@link io.weir.http.RequestHead} and {@link io.weir.http.ProxyError}.
 */
@NullMarked
package io.weir.http;

import org.jspecify.annotations.NullMarked;
