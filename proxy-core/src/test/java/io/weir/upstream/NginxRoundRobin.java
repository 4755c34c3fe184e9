package io.weir.upstream;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * nginx's round robin with passive health, written down from its formulas and not from ours: what {@link PoolState} is
 * compared with. One peer set and its backups; time in nanoseconds, where nginx counts seconds.
 */
final class NginxRoundRobin {

    static final class Peer {
        final String url;
        final long weight;
        final long maxFails;
        final long failTimeout;
        final boolean down;
        long current;
        long effective;
        long fails;
        long accessed = Long.MIN_VALUE / 2;
        long checked = Long.MIN_VALUE / 2;
        int connections;

        Peer(Upstream upstream) {
            url = upstream.url();
            weight = upstream.weight();
            effective = weight;
            maxFails = upstream.maxFails();
            failTimeout = upstream.failTimeout().toNanos();
            down = upstream.isDown();
        }
    }

    private final List<Peer> primaries = new ArrayList<>();
    private final List<Peer> backups = new ArrayList<>();
    private final boolean single;

    NginxRoundRobin(UpstreamPool pool) {
        for (Upstream upstream : pool.upstreams()) {
            (upstream.isBackup() ? backups : primaries).add(new Peer(upstream));
        }
        single = pool.upstreams().size() == 1;
    }

    Peer get(Set<String> tried, long now) {
        Peer best = get(primaries, tried, now);
        return best != null ? best : get(backups, tried, now);
    }

    private Peer get(List<Peer> peers, Set<String> tried, long now) {
        Peer best = null;
        long total = 0;
        for (Peer peer : peers) {
            if (tried.contains(peer.url) || peer.down) {
                continue;
            }
            if (peer.maxFails > 0 && peer.fails >= peer.maxFails && now - peer.checked <= peer.failTimeout) {
                continue;
            }
            peer.current += peer.effective;
            total += peer.effective;
            if (peer.effective < peer.weight) {
                peer.effective++;
            }
            if (best == null || peer.current > best.current) {
                best = peer;
            }
        }
        if (best == null) {
            return null;
        }
        best.current -= total;
        if (now - best.checked > best.failTimeout) {
            best.checked = now;
        }
        best.connections++;
        return best;
    }

    void free(Peer peer, boolean failed, long now) {
        peer.connections--;
        if (single) {
            peer.fails = 0;
            return;
        }
        if (!failed) {
            if (peer.accessed < peer.checked) {
                peer.fails = 0;
            }
            return;
        }
        peer.fails++;
        peer.accessed = now;
        peer.checked = now;
        if (peer.maxFails > 0) {
            peer.effective -= peer.weight / peer.maxFails;
        }
        if (peer.effective < 0) {
            peer.effective = 0;
        }
    }
}
