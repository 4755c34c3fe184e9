package io.weir.route;

import io.weir.body.MessageHook;
import io.weir.http.Reply;
import io.weir.http.RequestHead;
import io.weir.http.Tokens;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What is watched over in the WebSockets of a route. A route that has one reads and writes frames instead of passing bytes
 * on, which costs more; one without passes them as they are. No extension is agreed on with either side, so messages are not
 * compressed. Immutable.
 */
public final class WebSocketPolicy {
    /** How large a message may be where a hook sees it whole and nothing else was said, in bytes. */
    public static final long MESSAGE_FOR_HOOK = 1024 * 1024;

    private final long maxMessage;
    private final @Nullable Duration pings;
    private final List<String> subprotocols;
    private final Set<String> origins;
    private final @Nullable MessageHook hook;

    private WebSocketPolicy(Builder builder) {
        maxMessage =
                builder.maxMessage > 0 ? builder.maxMessage : builder.hook == null ? Long.MAX_VALUE : MESSAGE_FOR_HOOK;
        pings = builder.pings;
        subprotocols = List.copyOf(builder.subprotocols);
        origins = Set.copyOf(builder.origins);
        hook = builder.hook;
    }

    /** One that allows everything. */
    public static Builder builder() {
        return new Builder();
    }

    /** Bytes of a message at most; {@code Long.MAX_VALUE} for any. */
    public long maxMessage() {
        return maxMessage;
    }

    /** How often either side is pinged; null for never. */
    public @Nullable Duration pings() {
        return pings;
    }

    /** Sees the messages; null for nobody. */
    public @Nullable MessageHook hook() {
        return hook;
    }

    /** What it watches over, without what a hook may know. */
    @Override
    public String toString() {
        return (maxMessage == Long.MAX_VALUE ? "messages of any size" : "messages of " + maxMessage + " bytes")
                + (pings == null ? "" : ", pings every " + pings)
                + (subprotocols.isEmpty() ? "" : ", subprotocols " + subprotocols)
                + (origins.isEmpty()
                        ? ""
                        : ", origins " + origins.stream().sorted().toList())
                + (hook == null ? "" : ", a hook");
    }

    /** The reply to a handshake that is not admitted; null if it is. */
    public @Nullable Reply refusalOf(RequestHead request) {
        String origin = request.header("Origin");
        if (origin != null && !origins.isEmpty() && !origins.contains(origin.toLowerCase(Locale.ROOT))) {
            return Reply.status(403);
        }
        return "13".equals(request.header("Sec-WebSocket-Version"))
                ? null
                : Reply.status(400).withHeader("Sec-WebSocket-Version", "13"); // RFC 6455 §4.4
    }

    /** Of the subprotocols that a client offers those that are allowed, in its order, as a field value; null for none. */
    public @Nullable String allowedOf(@Nullable String offered) {
        if (offered == null || subprotocols.isEmpty()) {
            return offered;
        }
        List<String> allowed = new ArrayList<>(Tokens.split(offered));
        allowed.retainAll(subprotocols);
        return allowed.isEmpty() ? null : String.join(", ", allowed);
    }

    /** A policy under construction. */
    public static final class Builder {
        private long maxMessage;
        private @Nullable Duration pings;
        private final Set<String> subprotocols = new TreeSet<>();
        private final Set<String> origins = new TreeSet<>();
        private @Nullable MessageHook hook;

        private Builder() {}

        /**
         * A message with more bytes, in one frame or many, ends the WebSocket with 1009 on both sides. Any number if not
         * said; with {@link #onMessage} {@value WebSocketPolicy#MESSAGE_FOR_HOOK}.
         */
        public Builder maxMessage(long bytes) {
            if (bytes < 1) {
                throw new IllegalArgumentException("maxMessage: " + bytes + " (expected: >= 1 byte)");
            }
            maxMessage = bytes;
            return this;
        }

        /**
         * Looks at either side that often, and pings it if nothing has come since the last time. If then nothing comes until
         * the next, it is dropped and the other side closed with 1001. An answer starts the {@code tunnel} clock again, and
         * the other side sees nothing of it. Never if not said.
         */
        public Builder pings(Duration silence) {
            if (silence.compareTo(Duration.ofMillis(1)) < 0) {
                throw new IllegalArgumentException("pings: " + silence + " (expected: >= 1 ms)");
            }
            pings = silence;
            return this;
        }

        /**
         * Lets upstreams see only these of the subprotocols that clients offer (they are compared exactly). All if not said.
         * If none is left the handshake goes on without, and RFC 6455 §4.1 leaves it to the client to make do or to close.
         */
        public Builder subprotocols(String... names) {
            for (String name : names) {
                if (!Tokens.isToken(name)) {
                    throw new IllegalArgumentException("subprotocol: \"" + name + "\" (expected: a token, as in chat)");
                }
                subprotocols.add(name);
            }
            return this;
        }

        /**
         * Answers 403 to browsers on pages of any other origin (RFC 6455 §10.2): they send cookies along for whoever asks.
         * Handshakes without an {@code Origin}, which come from no browser, pass. All pass if not said.
         *
         * @param origins as browsers send them: scheme, host and the port if it is not the scheme's own
         * @throws IllegalArgumentException if one has a path, or no scheme
         */
        public Builder origins(String... origins) {
            for (String origin : origins) {
                this.origins.add(checked(origin));
            }
            return this;
        }

        /** Has each message pass by that hook, whole: no message is larger than {@link #maxMessage}. */
        public Builder onMessage(MessageHook hook) {
            this.hook = hook;
            return this;
        }

        /** The policy. */
        public WebSocketPolicy build() {
            return new WebSocketPolicy(this);
        }

        private static String checked(String origin) {
            String lowerCase = origin.toLowerCase(Locale.ROOT);
            URI uri;
            try {
                uri = URI.create(lowerCase);
            } catch (IllegalArgumentException e) {
                uri = URI.create("");
            }
            String port = uri.getPort() < 0 ? "" : ":" + uri.getPort();
            if (!lowerCase.equals(uri.getScheme() + "://" + uri.getHost() + port)) {
                throw new IllegalArgumentException("origin: \"" + origin
                        + "\" (expected: scheme, host and perhaps port, as in https://example.com)");
            }
            return lowerCase;
        }
    }
}
