/** The files that middleware reads: who may come in. Start with {@link io.weir.jetty.files.WatchedFiles}. */
@NullMarked
package io.weir.jetty.files;

import org.jspecify.annotations.NullMarked;
