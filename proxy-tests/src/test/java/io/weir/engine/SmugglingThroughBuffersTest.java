package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.body.Buffering;
import io.weir.route.Route;
import io.weir.testkit.ScriptedUpstream;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The messages of {@link SmugglingTest} once more, to a proxy that takes bodies whole before it sends them, and frames them
 * anew: the same requests reach the upstream, with the same bodies, and the client sees no difference.
 */
class SmugglingThroughBuffersTest {
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    /** What a client and an upstream have seen. */
    private record Outcome(String client, List<String> upstream) {}

    static List<HostileMessage> messages() {
        return SmugglingTest.messages();
    }

    @ParameterizedTest
    @MethodSource("messages")
    void aBufferMakesNoOtherRequestOfIt(HostileMessage message) {
        Outcome streamed = outcome(message, Buffering.off());
        Outcome buffered = outcome(message, Buffering.on(1000, 10_000));

        assertThat(buffered).isEqualTo(streamed);
    }

    private static Outcome outcome(HostileMessage message, Buffering buffering) {
        try (var upstream = ScriptedUpstream.answering(OK)) {
            String client;
            try (var proxy = WiredProxy.routing(
                            pool -> pool.upstream(upstream.uri()),
                            (config, pool) -> config.route(
                                    Route.any().requestBuffering(buffering).to(pool)));
                    var raw = proxy.client()) {
                raw.send(message.send() + SmugglingTest.NEXT);
                client = SmugglingTest.fate(raw, message.client());
            }
            List<String> requests = upstream.requests().stream()
                    .filter(request -> !request.isTruncated())
                    .map(request -> request.requestLine() + " " + request.fields("Host") + " " + request.body())
                    .map(request -> request.replace(upstream.uri().substring("http://".length()), "{U}"))
                    .sorted() // those of several connections
                    .toList();
            return new Outcome(client, requests);
        }
    }
}
