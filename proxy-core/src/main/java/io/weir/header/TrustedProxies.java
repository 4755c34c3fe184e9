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
 *
 * <p>Which field they write is the {@link Source}; {@code X-Forwarded-For} if not said. Where they speak PROXY protocol the
 * listener has the client's address from there, and nobody needs to be trusted for fields.
 */
public final class TrustedProxies {
    private static final TrustedProxies NONE = new TrustedProxies(List.of(), false, Source.X_FORWARDED_FOR);

    /** The field in which a trusted proxy says who its client is. Where it is one, what the others claim is not believed. */
    public enum Source {
        /** {@code X-Forwarded-For}, walked from its right end. All forwarding fields of a trusted peer pass. */
        X_FORWARDED_FOR,
        /** {@code Forwarded} (RFC 7239), walked likewise, with its {@code proto} and {@code host}; no other field passes. */
        FORWARDED,
        /** {@code X-Real-IP}, one address; of other fields {@code X-Forwarded-For} and {@code Forwarded} do not pass. */
        X_REAL_IP
    }

    private final List<IpRange> ranges;
    private final boolean unix;
    private final Source source;

    private TrustedProxies(List<IpRange> ranges, boolean unix, Source source) {
        this.ranges = ranges;
        this.unix = unix;
        this.source = source;
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
        return new TrustedProxies(List.copyOf(parsed), unix, Source.X_FORWARDED_FOR);
    }

    /** These, who say in that field who the client is (nginx {@code real_ip_header}). */
    public TrustedProxies source(Source source) {
        return new TrustedProxies(ranges, unix, source);
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
     * Who the client is. With a trusted peer {@code X-Forwarded-For}, or {@code Forwarded}, is walked from its right end,
     * over all lines, until an address that is not trusted; an entry that is no address ends the walk with the last good
     * one. Empty entries are skipped, and so is {@code unix:}, nginx's entry for a unix-domain socket, where those are
     * trusted.
     */
    public Forwarding resolve(RequestHead request) {
        Peer peer = request.peer();
        String peerAddress = peer.host();
        if (!trusts(peer)) {
            return new Forwarding(peer, false, source, peer.address(), peerAddress, peerAddress);
        }
        ArrayDeque<InetAddress> hops = hops(request.headers());
        if (hops.isEmpty()) {
            return new Forwarding(peer, true, source, peer.address(), peerAddress, peerAddress);
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
        return new Forwarding(peer, true, source, client, IpRange.format(client), chain.toString());
    }

    @Override
    public String toString() {
        return ranges + (unix ? " unix:" : "") + (source == Source.X_FORWARDED_FOR ? "" : " " + source);
    }

    private boolean trusts(InetAddress address) {
        for (int i = 0; i < ranges.size(); i++) {
            if (ranges.get(i).contains(address)) {
                return true;
            }
        }
        return false;
    }

    /** The addresses that are vouched for, the client's first; none if nothing is. */
    private ArrayDeque<InetAddress> hops(Headers headers) {
        String field = switch (source) {
            case X_FORWARDED_FOR -> "X-Forwarded-For";
            case FORWARDED -> "Forwarded";
            case X_REAL_IP -> "X-Real-IP";
        };
        ArrayDeque<InetAddress> hops = new ArrayDeque<>(4);
        boolean further = true;
        for (int i = headers.size() - 1; i >= 0 && further; i--) {
            if (headers.name(i).equalsIgnoreCase(field)) {
                further = source == Source.X_REAL_IP ? takeOnly(headers.value(i), hops) : walk(headers.value(i), hops);
            }
        }
        return hops;
    }

    private static boolean takeOnly(String value, ArrayDeque<InetAddress> hops) {
        InetAddress address = addressOf(Tokens.trim(value, 0, value.length()));
        if (address != null) {
            hops.add(address);
        }
        return false;
    }

    /** Puts the hops of a line before those found so far; whether the line left of it counts as well. */
    private boolean walk(String line, ArrayDeque<InetAddress> hops) {
        int end = line.length();
        while (end > 0) {
            int comma =
                    source == Source.FORWARDED ? ForwardedElement.lastComma(line, end) : line.lastIndexOf(',', end - 1);
            String entry = Tokens.trim(line, comma + 1, end);
            end = comma;
            if (entry.isEmpty() || (unix && entry.equals("unix:"))) {
                continue;
            }
            String node = source == Source.FORWARDED ? nodeOf(entry) : entry;
            InetAddress hop = node == null ? null : addressOf(node);
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

    private static @Nullable String nodeOf(String element) {
        ForwardedElement parsed = ForwardedElement.parse(element);
        return parsed == null ? null : parsed.node();
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
