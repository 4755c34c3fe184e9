/**
 * A pool whose upstreams, processes of their own, fall ill one after another under steady load. {@code ChaosTest} runs it
 * for a moment, the bar of that name for longer; start reading at {@code Chaos}.
 */
package io.weir.chaos;
