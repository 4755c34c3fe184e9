package io.weir.upstream;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/**
 * How long each side may take. Every clock runs between two successive operations, not over the whole exchange, except
 * {@code total}, {@code responseHead} and {@code firstByte}. A clock that is not set takes the value of the level above, at last the default.
 *
 * <table>
 * <caption>Clocks</caption>
 * <tr><th>clock</th><th>nginx</th><th>default</th><th>when it runs out</th></tr>
 * <tr><td>connect</td><td>proxy_connect_timeout</td><td>5 s</td><td>504, or the next upstream</td></tr>
 * <tr><td>read</td><td>proxy_read_timeout</td><td>60 s</td><td>504, or the next upstream; a broken body</td></tr>
 * <tr><td>send</td><td>proxy_send_timeout</td><td>60 s</td><td>504, or the next upstream</td></tr>
 * <tr><td>tunnel</td><td>proxy_read_timeout</td><td>1 h</td><td>both sides closed</td></tr>
 * <tr><td>responseHead</td><td>none</td><td>off</td><td>504, or the next upstream</td></tr>
 * <tr><td>firstByte</td><td>none</td><td>off</td><td>504, or the next upstream; a broken body</td></tr>
 * <tr><td>total</td><td>none</td><td>off</td><td>504; a broken body</td></tr>
 * <tr><td>clientHead</td><td>client_header_timeout</td><td>60 s</td><td>408 or close</td></tr>
 * <tr><td>clientBody</td><td>client_body_timeout</td><td>60 s</td><td>408</td></tr>
 * <tr><td>clientSend</td><td>send_timeout</td><td>60 s</td><td>close</td></tr>
 * <tr><td>clientRate</td><td>none</td><td>off</td><td>408; close</td></tr>
 * <tr><td>keepAlive</td><td>keepalive_timeout</td><td>75 s</td><td>close</td></tr>
 * </table>
 *
 * <p>{@code responseHead} and {@code firstByte} limit each attempt for itself, and a trickle does not put them off, as it
 * does {@code read}. Neither runs while the client still sends its request.
 *
 * <p>{@code read} does not run while Weir itself holds the upstream back for a slow client. {@code clientHead} and
 * {@code keepAlive} belong to the listener: they can be set on the proxy only. Once a connection has been switched to
 * another protocol, WebSocket above all, {@code tunnel} takes the place of all but {@code total}. Immutable.
 */
public final class Timeouts {
    private static final Timeouts INHERIT = new Timeouts(new Builder());
    private static final Duration SIXTY_SECONDS = Duration.ofSeconds(60);

    private final @Nullable Duration connect;
    private final @Nullable Duration read;
    private final @Nullable Duration send;
    private final @Nullable Duration tunnel;
    private final @Nullable Duration responseHead;
    private final @Nullable Duration firstByte;
    private final @Nullable Duration total;
    private final @Nullable Duration clientHead;
    private final @Nullable Duration clientBody;
    private final @Nullable Duration clientSend;
    private final @Nullable MinimumRate clientRate;
    private final @Nullable Duration keepAlive;

    private Timeouts(Builder builder) {
        connect = builder.connect;
        read = builder.read;
        send = builder.send;
        tunnel = builder.tunnel;
        responseHead = builder.responseHead;
        firstByte = builder.firstByte;
        total = builder.total;
        clientHead = builder.clientHead;
        clientBody = builder.clientBody;
        clientSend = builder.clientSend;
        clientRate = builder.clientRate;
        keepAlive = builder.keepAlive;
    }

    /** Sets nothing: every clock is the level above's. */
    public static Timeouts inherit() {
        return INHERIT;
    }

    /** The upstream's three clocks, in nginx's order of fame: connect, read, send. */
    public static Timeouts of(Duration connect, Duration read, Duration send) {
        return builder().connect(connect).read(read).send(send).build();
    }

    /** A builder that sets nothing yet. */
    public static Builder builder() {
        return new Builder();
    }

    /** These clocks where they stand below another level. */
    public Timeouts below(Timeouts above) {
        if (this == INHERIT) {
            return above;
        }
        Builder merged = new Builder();
        merged.connect = connect != null ? connect : above.connect;
        merged.read = read != null ? read : above.read;
        merged.send = send != null ? send : above.send;
        merged.tunnel = tunnel != null ? tunnel : above.tunnel;
        merged.responseHead = responseHead != null ? responseHead : above.responseHead;
        merged.firstByte = firstByte != null ? firstByte : above.firstByte;
        merged.total = total != null ? total : above.total;
        merged.clientHead = clientHead != null ? clientHead : above.clientHead;
        merged.clientBody = clientBody != null ? clientBody : above.clientBody;
        merged.clientSend = clientSend != null ? clientSend : above.clientSend;
        merged.clientRate = clientRate != null ? clientRate : above.clientRate;
        merged.keepAlive = keepAlive != null ? keepAlive : above.keepAlive;
        return merged.build();
    }

    /** To get a connection to the upstream. */
    public Duration connect() {
        return connect != null ? connect : Duration.ofSeconds(5);
    }

    /** Between two reads from the upstream. */
    public Duration read() {
        return read != null ? read : SIXTY_SECONDS;
    }

    /** Between two writes to the upstream. */
    public Duration send() {
        return send != null ? send : SIXTY_SECONDS;
    }

    /** That a tunnel may be silent in both directions. */
    public Duration tunnel() {
        return tunnel != null ? tunnel : Duration.ofHours(1);
    }

    /** From the request sent whole to the final head, in each attempt; null for no limit. */
    public @Nullable Duration responseHead() {
        return responseHead;
    }

    /**
     * From the start of an attempt to the first byte of the response's body; null for no limit. Where the request has a body,
     * from its last byte.
     */
    public @Nullable Duration firstByte() {
        return firstByte;
    }

    /** For the whole exchange; null for no limit. */
    public @Nullable Duration total() {
        return total;
    }

    /** For a whole request head. */
    public Duration clientHead() {
        return clientHead != null ? clientHead : SIXTY_SECONDS;
    }

    /** Between two reads of a request body. */
    public Duration clientBody() {
        return clientBody != null ? clientBody : SIXTY_SECONDS;
    }

    /** Between two writes to the client. */
    public Duration clientSend() {
        return clientSend != null ? clientSend : SIXTY_SECONDS;
    }

    /** How fast a client has to send its body and take the response's; null for any rate. */
    public @Nullable MinimumRate clientRate() {
        return clientRate;
    }

    /** That a connection may stay open between two requests. */
    public Duration keepAlive() {
        return keepAlive != null ? keepAlive : Duration.ofSeconds(75);
    }

    /** Whether a clock of the listener is set here. */
    public boolean setsListenerClocks() {
        return clientHead != null || keepAlive != null;
    }

    /** The clocks that are set here, by name; those of the level above are not among them. */
    public Map<String, Duration> own() {
        Map<String, Duration> own = new LinkedHashMap<>();
        put(own, "connect", connect);
        put(own, "read", read);
        put(own, "send", send);
        put(own, "tunnel", tunnel);
        put(own, "responseHead", responseHead);
        put(own, "firstByte", firstByte);
        put(own, "total", total);
        put(own, "clientHead", clientHead);
        put(own, "clientBody", clientBody);
        put(own, "clientSend", clientSend);
        put(own, "keepAlive", keepAlive);
        return own;
    }

    private static void put(Map<String, Duration> clocks, String name, @Nullable Duration value) {
        if (value != null) {
            clocks.put(name, value);
        }
    }

    @Override
    public String toString() {
        StringJoiner text = new StringJoiner(", ", "[", "]");
        text.add("connect " + connect()).add("read " + read()).add("send " + send());
        if (responseHead != null) {
            text.add("responseHead " + responseHead);
        }
        if (firstByte != null) {
            text.add("firstByte " + firstByte);
        }
        if (total != null) {
            text.add("total " + total);
        }
        if (clientRate != null) {
            text.add("clientRate " + clientRate);
        }
        return text.add("clientBody " + clientBody())
                .add("clientSend " + clientSend())
                .toString();
    }

    /** Clocks under construction. Each must be at least a millisecond. */
    public static final class Builder {
        private @Nullable Duration connect;
        private @Nullable Duration read;
        private @Nullable Duration send;
        private @Nullable Duration tunnel;
        private @Nullable Duration responseHead;
        private @Nullable Duration firstByte;
        private @Nullable Duration total;
        private @Nullable Duration clientHead;
        private @Nullable Duration clientBody;
        private @Nullable Duration clientSend;
        private @Nullable MinimumRate clientRate;
        private @Nullable Duration keepAlive;

        private Builder() {}

        /** To get a connection to the upstream. */
        public Builder connect(Duration duration) {
            connect = check("connect", duration);
            return this;
        }

        /** Between two reads from the upstream. */
        public Builder read(Duration duration) {
            read = check("read", duration);
            return this;
        }

        /** Between two writes to the upstream. */
        public Builder send(Duration duration) {
            send = check("send", duration);
            return this;
        }

        /** That a tunnel may be silent in both directions. */
        public Builder tunnel(Duration duration) {
            tunnel = check("tunnel", duration);
            return this;
        }

        /** From the request sent whole to the final head, however it trickles. Each attempt has this time anew. */
        public Builder responseHead(Duration duration) {
            responseHead = check("responseHead", duration);
            return this;
        }

        /**
         * From the start of an attempt to the first byte of the response's body: a language model's time to first token. Where
         * the request has a body, from its last byte. Each attempt has this time anew.
         */
        public Builder firstByte(Duration duration) {
            firstByte = check("firstByte", duration);
            return this;
        }

        /** For the whole exchange, retries and streaming included. Rarely right for a stream. */
        public Builder total(Duration duration) {
            total = check("total", duration);
            return this;
        }

        /** For a whole request head. */
        public Builder clientHead(Duration duration) {
            clientHead = check("clientHead", duration);
            return this;
        }

        /** Between two reads of a request body. */
        public Builder clientBody(Duration duration) {
            clientBody = check("clientBody", duration);
            return this;
        }

        /** Between two writes to the client. */
        public Builder clientSend(Duration duration) {
            clientSend = check("clientSend", duration);
            return this;
        }

        /**
         * How fast a client has to send its body and take the response's, on average, while it is waited for. Not for routes
         * where clients have nothing to say for long, such as gRPC's streams.
         */
        public Builder clientRate(MinimumRate rate) {
            clientRate = rate;
            return this;
        }

        /** That a connection may stay open between two requests. */
        public Builder keepAlive(Duration duration) {
            keepAlive = check("keepAlive", duration);
            return this;
        }

        /** The clocks. */
        public Timeouts build() {
            return new Timeouts(this);
        }

        private static Duration check(String clock, Duration duration) {
            if (duration.compareTo(Duration.ofMillis(1)) < 0) {
                throw new IllegalArgumentException(clock + ": " + duration + " (expected: >= 1 ms)");
            }
            return duration;
        }
    }
}
