/**
 * The vocabulary that every other package speaks: heads, header fields, paths, replies and errors.
 * It imports nothing but the Java library.
 */
@NullMarked
package io.weir.http;

import org.jspecify.annotations.NullMarked;
