/** Writes JSON for logs and explanations. Imports nothing but {@code java.*}; not exported. */
@NullMarked
package io.weir.json;

import org.jspecify.annotations.NullMarked;
