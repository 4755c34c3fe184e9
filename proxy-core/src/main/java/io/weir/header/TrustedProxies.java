package io.weir.header;

import io.weir.http.Headers;
import io.weir.http.IpRange;
import io.weir.http.Peer;
import io.weir.http.RequestHead;
import io.weir.http.Tokens;
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
     * an address that is not trusted; an entry that is no address ends the walk with the last good one. Empty entries
     * are skipped, and so is {@code unix:}, nginx's entry for a unix-domain socket, where those are trusted.
     */
    public Forwarding resolve(RequestHead request) {
        Peer peer = request.peer();
        String peerAddress = peer.host();
        if (!trusts(peer)) {
            return new Forwarding(peer, false, peer.address(), peerAddress, peerAddress);
        }
        Headers headers = request.headers();
        ArrayDeque<InetAddress> hops = new ArrayDeque<>(4);
        boolean further = true;
        for (int i = headers.size() - 1; i >= 0 && further; i--) {
            if (headers.name(i).equalsIgnoreCase("X-Forwarded-For")) {
                further = walk(headers.value(i), hops);
            }
        }
        if (hops.isEmpty()) {
            return new Forwarding(peer, true, peer.address(), peerAddress, peerAddress);
        }
        StringBuilder chain = new StringBuilder(64);
        for (InetAddress hop : hops) {
            chain.append(IpRange.format(hop)).append(", ");
        }
        if (peer.address() == null) {
            chain.setLength(chain.length() - 2); // an upstream that reads addresses would stumble over "unix:"
        } else {
            chain.append(peerAddress);
        }
        InetAddress client = hops.getFirst();
        return new Forwarding(peer, true, client, IpRange.format(client), chain.toString());
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

    /** Puts the hops of a line before those found so far; whether the line left of it counts as well. */
    private boolean walk(String line, ArrayDeque<InetAddress> hops) {
        int end = line.length();
        while (end > 0) {
            int comma = line.lastIndexOf(',', end - 1);
            String entry = Tokens.trim(line, comma + 1, end);
            end = comma;
            if (entry.isEmpty() || (unix && entry.equals("unix:"))) {
                continue;
            }
            InetAddress hop = addressOf(entry);
            if (hop == null) {
                return false;
            }
            hops.addFirst(hop);
            if (!trusts(hop)) {
                return false;
            }
        }
        return true;
    }

    /** The address of an entry: {@code 1.2.3.4}, {@code 1.2.3.4:5678}, {@code 2001:db8::1} or {@code [2001:db8::1]:443}. */
    private static @Nullable InetAddress addressOf(String entry) {
        int portAt = entry.startsWith("[") ? entry.indexOf(']') + 1 : entry.indexOf(':');
        boolean ipv6WithoutPort = portAt > 0 && entry.charAt(0) != '[' && entry.indexOf(':', portAt + 1) >= 0;
        if (portAt <= 0 || portAt == entry.length() || ipv6WithoutPort) {
            return IpRange.parseAddress(entry);
        }
        return isPort(entry, portAt) ? IpRange.parseAddress(entry.substring(0, portAt)) : null;
    }

    private static boolean isPort(String entry, int colon) {
        int digits = entry.length() - colon - 1;
        for (int i = colon + 1; i < entry.length(); i++) {
            if (entry.charAt(i) < '0' || entry.charAt(i) > '9') {
                return false;
            }
        }
        return entry.charAt(colon) == ':' && digits >= 1 && digits <= 5;
    }
}
