/**
 * Which header fields go on to the other side, which are dropped, and which the proxy adds.
 */
@NullMarked
package io.weir.header;

import org.jspecify.annotations.NullMarked;
