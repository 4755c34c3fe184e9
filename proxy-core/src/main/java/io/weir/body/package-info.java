/** What may be said about message bodies and sizes. Imports only {@code io.weir.http} and {@code io.weir.header}. */
@NullMarked
package io.weir.body;

import org.jspecify.annotations.NullMarked;
