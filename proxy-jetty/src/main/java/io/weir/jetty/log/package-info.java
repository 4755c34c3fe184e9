/** What is said, through SLF4J, about exchanges and upstreams. */
@NullMarked
package io.weir.jetty.log;

import org.jspecify.annotations.NullMarked;
