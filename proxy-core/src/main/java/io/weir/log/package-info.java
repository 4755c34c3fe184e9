/**
 * What is said about an exchange once it is over. Imports only {@code io.weir.http}, {@code io.weir.header} and
 * {@code io.weir.json}. Start with {@link io.weir.log.ExchangeSummary}.
 */
@NullMarked
package io.weir.log;

import org.jspecify.annotations.NullMarked;
