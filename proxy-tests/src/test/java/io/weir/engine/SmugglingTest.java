package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.testkit.RawClient;
import io.weir.testkit.ScriptedUpstream;
import java.util.List;
import java.util.StringJoiner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each message of {@code io/weir/hostile/http1.txt}, with a whole request behind it in the same write: what the client gets,
 * and, byte for byte, what an upstream sees. So a message of which the proxy and anybody else could disagree where it ends
 * would show, by a request too many or too few.
 */
class SmugglingTest {

    /** Follows every message. */
    static final String NEXT = "GET /next HTTP/1.1\r\nHost: a.test\r\n\r\n";

    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    static List<HostileMessage> messages() {
        return HostileMessage.of("http1.txt");
    }

    @ParameterizedTest
    @MethodSource("messages")
    void aMessageMeansTheSameToAllOrNothing(HostileMessage message) {
        try (var upstream = ScriptedUpstream.answering(OK)) {
            String client;
            try (var proxy = WiredProxy.to(upstream.uri());
                    var raw = proxy.client()) {
                raw.send(message.send() + NEXT);
                client = fate(raw, message.client());
            }

            assertThat(client).isEqualTo(message.client());
            message.assertSeen(seen(upstream));
        }
    }

    @Test
    void theCorpusIsLarge() {
        assertThat(messages()).hasSizeGreaterThanOrEqualTo(150).doesNotHaveDuplicates();
        assertThat(messages()).extracting(HostileMessage::send).doesNotHaveDuplicates();
    }

    /** What came, in the words of the corpus: as many answers as are expected, and whether there may be another. */
    static String fate(RawClient client, String expected) {
        StringJoiner fate = new StringJoiner(" ");
        for (String word : expected.split(" ")) {
            switch (word) {
                case "close" -> fate.add(client.isClosedByPeer() ? "close" : "open");
                case "open" -> fate.add(client.send(NEXT).readResponse().status() == 200 ? "open" : "close");
                default -> fate.add(String.valueOf(client.readResponse().status()));
            }
        }
        return fate.toString();
    }

    /** All that came over its connections, in the order in which they were opened. */
    String seen(ScriptedUpstream upstream) {
        StringBuilder seen = new StringBuilder();
        for (int i = 1; i <= upstream.connectionCount(); i++) {
            seen.append(upstream.connection(i).received());
        }
        return seen.toString().replace("127.0.0.1:" + upstream.port(), "{U}");
    }
}
