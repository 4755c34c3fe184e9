package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.route.Route;
import io.weir.testkit.Await;
import io.weir.testkit.Frame;
import io.weir.testkit.RawClient;
import io.weir.testkit.ScriptedUpstream;
import io.weir.testkit.UpstreamConnection;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * However a WebSocket ends, both ends see the same as if there were no proxy between them: through a tunnel, and where the
 * route watches over messages.
 */
class CloseMatrixTest {

    private static final String ASKING = TunnelTest.ASKING.replace("permessage-deflate", "none");

    private enum Who {
        CLIENT,
        UPSTREAM,
        BOTH_AT_ONCE
    }

    private enum Way {
        DIRECT,
        TUNNEL,
        BRIDGE
    }

    /** How an end goes: with a close frame, or without one. */
    private record Going(Frame close, boolean reset) {
        @Override
        public String toString() {
            return close != null ? close.toString() : reset ? "reset" : "end";
        }
    }

    record Case(Who who, Going going) {
        @Override
        public String toString() {
            return who + ": " + going;
        }
    }

    static Stream<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (Who who : Who.values()) {
            for (int code : new int[] {1000, 1001, 1008, 1011, 3000, 4999}) {
                cases.add(new Case(who, new Going(Frame.close(code, "because of " + code), false)));
            }
            cases.add(new Case(who, new Going(Frame.close(1000, ""), false)));
            cases.add(new Case(who, new Going(Frame.close(), false)));
            cases.add(new Case(who, new Going(null, false)));
            cases.add(new Case(who, new Going(null, true)));
        }
        return cases.stream();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void bothEndsSeeTheSameAsWithoutAProxy(Case given) throws Exception {
        List<String> direct = run(given, Way.DIRECT);
        if (given.going.close != null) {
            assertThat(direct)
                    .as("without a proxy")
                    .containsExactly("client saw " + given.going.close, "upstream saw " + given.going.close);
        }

        assertThat(run(given, Way.TUNNEL)).as("through a tunnel").isEqualTo(direct);
        assertThat(run(given, Way.BRIDGE)).as("through a bridge").isEqualTo(direct);
    }

    /** What the client has seen, and then the upstream. */
    private static List<String> run(Case given, Way way) throws Exception {
        CountDownLatch ready = new CountDownLatch(2);
        CompletableFuture<String> upstreamSaw = new CompletableFuture<>();
        try (var upstream = WebSocketBridgeTest.speaking(connection -> upstreamSaw.complete(upstreamEnd(
                connection, given.who == Who.CLIENT ? null : given.going, given.who == Who.BOTH_AT_ONCE, ready)))) {
            if (way == Way.DIRECT) {
                return saw(clientEnd(URI.create(upstream.uri()).getPort(), given, ready), upstreamSaw);
            }
            try (WiredProxy proxied = proxy(upstream, way)) {
                return saw(clientEnd(proxied.port(), given, ready), upstreamSaw);
            }
        }
    }

    private static WiredProxy proxy(ScriptedUpstream upstream, Way way) {
        return WiredProxy.routing(
                pool -> pool.upstream(upstream.uri()),
                (config, pool) ->
                        config.route((way == Way.BRIDGE ? Route.any().webSocket(ws -> {}) : Route.any()).to(pool)));
    }

    private static List<String> saw(String client, CompletableFuture<String> upstream) throws Exception {
        return List.of(
                "client saw " + client, "upstream saw " + upstream.get(Await.DEADLINE.toSeconds(), TimeUnit.SECONDS));
    }

    private static String clientEnd(int port, Case given, CountDownLatch ready) {
        try (RawClient client = RawClient.connect(port)) {
            client.send(ASKING).readInterim();
            client.send(Frame.text("hello").masked());
            assertThat(Frame.read(client)).hasToString("text hello");
            Going going = given.who == Who.UPSTREAM ? null : given.going;
            await(ready, given.who == Who.BOTH_AT_ONCE);
            if (going != null && going.close == null) {
                leave(client, going);
                return "nothing more";
            }
            if (going != null) {
                client.send(going.close.masked());
            }
            return end(() -> Frame.read(client), going, close -> client.send(close.masked()));
        }
    }

    private static String upstreamEnd(UpstreamConnection connection, Going going, boolean both, CountDownLatch ready)
            throws IOException {
        connection.send(Frame.read(connection).bytes());
        await(ready, both);
        if (going != null && going.close == null) {
            if (going.reset) {
                connection.reset();
            } else {
                connection.close();
            }
            return "nothing more";
        }
        if (going != null) {
            connection.send(going.close.bytes());
        }
        String seen = end(() -> Frame.read(connection), going, close -> connection.send(close.bytes()));
        connection.close(); // the server closes first (RFC 6455 §7.1.1)
        return seen;
    }

    private static void leave(RawClient client, Going going) {
        if (going.reset) {
            client.reset();
        } else {
            client.close();
        }
    }

    /** Reads to the end, and answers a close unless this end has sent one. */
    private static String end(Step<Frame> read, Going said, Answer answer) {
        try {
            Frame frame = read.take();
            if (said == null) {
                answer.give(frame);
            }
            return frame.toString();
        } catch (IOException | AssertionError | RuntimeException e) {
            return "no close frame";
        }
    }

    private interface Step<T> {
        T take() throws IOException;
    }

    private interface Answer {
        void give(Frame frame) throws IOException;
    }

    /** Where both go at once neither may have seen the other go. */
    private static void await(CountDownLatch ready, boolean both) {
        if (both) {
            ready.countDown();
            Await.on("the other end", ready);
        }
    }
}
