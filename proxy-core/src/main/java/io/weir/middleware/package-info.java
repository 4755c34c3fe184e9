/**
 * What may answer, change or hold a request before an upstream sees it.
 */
@NullMarked
package io.weir.middleware;

import org.jspecify.annotations.NullMarked;
