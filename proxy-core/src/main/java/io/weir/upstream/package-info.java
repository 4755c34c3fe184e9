/**
 * Origin servers: pools of them, which one is next, how they are doing, how long they may take. Imports only
 * {@code io.weir.http} and {@code io.weir.header}. Values come first ({@link io.weir.upstream.UpstreamPool},
 * {@link io.weir.upstream.Upstream}), the live state behind them is {@link io.weir.upstream.PoolState}.
 *
 * <p>A choice goes like this: the session's upstream, if there is one ({@link io.weir.upstream.Stickiness}); else those that
 * can be chosen are sorted out by {@code UpstreamGroup}, and the {@link io.weir.upstream.Balancer} of the pool's
 * {@link io.weir.upstream.BalancingStrategy} picks one. Where limits leave none, {@code WaitingLine} holds a
 * {@link io.weir.upstream.Ticket} for who waits. Whatever changes who can be chosen is told to {@code PoolLock.touched}.
 *
 * <p>Who is out, and why, is judged by {@link io.weir.upstream.PoolHealth}: after each attempt by
 * {@link io.weir.upstream.PassiveHealth}, after each probe by {@link io.weir.upstream.ActiveHealth}.
 */
@NullMarked
package io.weir.upstream;

import org.jspecify.annotations.NullMarked;
