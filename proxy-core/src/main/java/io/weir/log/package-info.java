/**
 * What is said about an exchange once it is over.
 */
@NullMarked
package io.weir.log;

import org.jspecify.annotations.NullMarked;
