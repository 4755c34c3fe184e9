package io.weir.middleware;

import io.weir.http.IpRange;
import io.weir.http.RequestHead;
import io.weir.http.Template;
import io.weir.http.Variables;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * What requests are counted by: a template, in which {@code $remote_addr} of an IPv6 client is its network, for a client
 * has many addresses of that. A long key becomes its hash, so that what a client sends does not set what is kept.
 */
final class LimitKey {
    static final int IPV6_PREFIX = 64;
    private static final int MAX_LENGTH = 64;

    private final Template template;
    private final boolean isClient;
    private final int ipv6Prefix;

    private LimitKey(Template template, int ipv6Prefix) {
        this.template = template;
        this.ipv6Prefix = ipv6Prefix;
        isClient = template.toString().equals("$remote_addr");
    }

    static LimitKey client() {
        return by("$remote_addr", IPV6_PREFIX);
    }

    static LimitKey by(String template, int ipv6Prefix) {
        if (ipv6Prefix < 1 || ipv6Prefix > 128) {
            throw new IllegalArgumentException("ipv6Prefix: " + ipv6Prefix + " (expected: 1..128)");
        }
        return new LimitKey(Template.parse(template), ipv6Prefix);
    }

    LimitKey by(String other) {
        return by(other, ipv6Prefix);
    }

    LimitKey ipv6Prefix(int bits) {
        return by(template.toString(), bits);
    }

    /** The key; "" for a request that is not counted, as in nginx. */
    String of(RequestContext context) {
        if (template.isConstant()) {
            return template.toString();
        }
        String key = isClient
                ? network(context.client(), context.clientAddress())
                : template.render(new ByNetwork(context.variables()));
        return key.length() <= MAX_LENGTH
                ? key
                : HexFormat.of().formatHex(KeyTable.sha256(key.getBytes(StandardCharsets.UTF_8)));
    }

    @Override
    public String toString() {
        return template + (ipv6Prefix == IPV6_PREFIX ? "" : " (IPv6 /" + ipv6Prefix + ")");
    }

    /** Checks the status of a limit's refusal. */
    static void requireRefusal(int status) {
        if (status < 400 || status > 599) {
            throw new IllegalArgumentException("status: " + status + " (expected: 400..599)");
        }
    }

    private String network(@Nullable InetAddress client, String address) {
        byte[] bytes = client == null || ipv6Prefix == 128 ? null : client.getAddress();
        if (bytes == null || bytes.length != 16) {
            return address;
        }
        for (int bit = ipv6Prefix; bit < 128; bit++) {
            bytes[bit / 8] &= (byte) ~(0x80 >> bit % 8);
        }
        try {
            return IpRange.format(InetAddress.getByAddress(bytes)) + "/" + ipv6Prefix;
        } catch (UnknownHostException e) {
            throw new AssertionError(e); // 16 bytes are an address
        }
    }

    /** An exchange whose client is its network. */
    private final class ByNetwork implements Variables {
        private final Variables exchange;

        ByNetwork(Variables exchange) {
            this.exchange = exchange;
        }

        @Override
        public RequestHead request() {
            return exchange.request();
        }

        @Override
        public String clientAddress() {
            return network(exchange.client(), exchange.clientAddress());
        }

        @Override
        public @Nullable InetAddress client() {
            return exchange.client();
        }

        @Override
        public String forwardedFor() {
            return exchange.forwardedFor();
        }

        @Override
        public String siteName() {
            return exchange.siteName();
        }

        @Override
        public String upstreamAuthority() {
            return exchange.upstreamAuthority();
        }

        @Override
        public String requestId() {
            return exchange.requestId();
        }

        @Override
        public @Nullable String attribute(String name) {
            return exchange.attribute(name);
        }
    }
}
