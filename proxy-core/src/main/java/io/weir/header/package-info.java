/**
 * What happens to header fields on their way: hop-by-hop fields go, forwarding fields that nobody trusted vouches for
 * go, then the user's policy. Imports only {@code io.weir.http}. Start with {@link io.weir.header.HeaderPolicy}.
 */
@NullMarked
package io.weir.header;

import org.jspecify.annotations.NullMarked;
