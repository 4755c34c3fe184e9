/**
 * Origin servers: pools of them, which one is next, how they are doing, how long they may take. Imports only
 * {@code io.weir.http} and {@code io.weir.header}. Values come first ({@link io.weir.upstream.UpstreamPool},
 * {@link io.weir.upstream.Upstream}), the live state behind them is {@link io.weir.upstream.PoolState}.
 */
@NullMarked
package io.weir.upstream;

import org.jspecify.annotations.NullMarked;
