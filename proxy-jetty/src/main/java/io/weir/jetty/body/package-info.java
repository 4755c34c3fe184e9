/**
 * Bodies on their way: the client's request and the response to it, each moved no faster than the other end takes it, or
 * waiting for it in memory and in files where that is asked for.
 */
@NullMarked
package io.weir.jetty.body;

import org.jspecify.annotations.NullMarked;
