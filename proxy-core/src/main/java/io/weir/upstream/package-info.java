/**
 * The servers behind the proxy: pools of them, how one is chosen, and when one is left alone.
 */
@NullMarked
package io.weir.upstream;

import org.jspecify.annotations.NullMarked;
