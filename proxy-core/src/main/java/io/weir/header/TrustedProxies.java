package io.weir.header;

import io.weir.http.Headers;
import io.weir.http.IpRange;
import io.weir.http.Peer;
import io.weir.http.RequestHead;
import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The proxies in front of us whose forwarding fields are believed. A field that comes from anybody else is a claim of the
 * client's and is dropped. Default: nobody.
 */
public final class TrustedProxies {
    private static final TrustedProxies NONE = new TrustedProxies(List.of(), false);

    private final List<IpRange> ranges;
    private final boolean unix;

    private TrustedProxies(List<IpRange> ranges, boolean unix) {
        this.ranges = ranges;
        this.unix = unix;
    }

    /** Nobody is trusted. */
    public static TrustedProxies none() {
        return NONE;
    }

    /**
     * Trusts these addresses and CIDR blocks; {@code unix:} stands for peers on unix-domain sockets.
     *
     * @throws IllegalArgumentException if one is neither
     */
    public static TrustedProxies of(String... ranges) {
        List<IpRange> parsed = new ArrayList<>();
        boolean unix = false;
        for (String range : ranges) {
            if (range.equals("unix:")) {
                unix = true;
            } else {
                parsed.add(IpRange.parse(range));
            }
        }
        return new TrustedProxies(List.copyOf(parsed), unix);
    }

    /** Whether that address may speak for its clients. */
    public boolean trusts(Peer peer) {
        InetAddress address = peer.address();
        return address == null ? unix : trusts(address);
    }

    /** Whether everybody is trusted, so that any client can choose its address. */
    public boolean trustsEverybody() {
        return ranges.stream().anyMatch(IpRange::isEverything);
    }

    /**
     * Who the client is. With a trusted peer {@code X-Forwarded-For} is walked from its right end, over all lines, until
     * an address that is not trusted; an entry that is no address ends the walk with the last good one.
     */
    public Forwarding resolve(RequestHead request) {
        Peer peer = request.peer();
        if (!trusts(peer)) {
            return new Forwarding(peer, false, peer.address(), peer.host(), peer.host());
        }
        Headers headers = request.headers();
        ArrayDeque<String> chain = new ArrayDeque<>(4);
        chain.add(peer.host());
        InetAddress client = peer.address();
        for (int i = headers.size() - 1; i >= 0; i--) {
            if (!headers.name(i).equalsIgnoreCase("X-Forwarded-For")) {
                continue;
            }
            String line = headers.value(i);
            int end = line.length();
            while (end >= 0) {
                int comma = line.lastIndexOf(',', end - 1);
                InetAddress entry = addressOf(line.substring(comma + 1, end).strip());
                if (entry == null) {
                    return forwarding(peer, client, chain);
                }
                chain.addFirst(IpRange.format(entry));
                client = entry;
                if (!trusts(entry)) {
                    return forwarding(peer, client, chain);
                }
                end = comma;
            }
        }
        return forwarding(peer, client, chain);
    }

    @Override
    public String toString() {
        return ranges + (unix ? " unix:" : "");
    }

    private boolean trusts(InetAddress address) {
        for (int i = 0; i < ranges.size(); i++) {
            if (ranges.get(i).contains(address)) {
                return true;
            }
        }
        return false;
    }

    private static Forwarding forwarding(Peer peer, @Nullable InetAddress client, ArrayDeque<String> chain) {
        String address = client == null ? peer.host() : IpRange.format(client);
        return new Forwarding(peer, true, client, address, String.join(", ", chain));
    }

    /** The address of an entry: {@code 1.2.3.4}, {@code 1.2.3.4:5678}, {@code 2001:db8::1} or {@code [2001:db8::1]:443}. */
    private static @Nullable InetAddress addressOf(String entry) {
        if (entry.startsWith("[")) {
            int bracket = entry.indexOf(']');
            return bracket < 0 ? null : IpRange.parseAddress(entry.substring(0, bracket + 1));
        }
        int colon = entry.indexOf(':');
        boolean ipv4WithPort = colon >= 0 && entry.indexOf(':', colon + 1) < 0;
        return IpRange.parseAddress(ipv4WithPort ? entry.substring(0, colon) : entry);
    }
}
