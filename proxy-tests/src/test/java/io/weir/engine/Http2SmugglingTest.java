package io.weir.engine;

import static io.weir.testkit.H2Frame.GOAWAY;
import static io.weir.testkit.H2Frame.RST_STREAM;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.testkit.Field;
import io.weir.testkit.H2Frame;
import io.weir.testkit.RawH2Client;
import io.weir.testkit.ScriptedUpstream;
import java.util.Arrays;
import java.util.List;
import java.util.StringJoiner;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each request of {@code io/weir/hostile/http2.txt}, with an ordinary one on the next stream: what becomes of its stream and
 * its connection, and, byte for byte, what an HTTP/1.1 upstream sees. Fields go out as literals, so that nothing is mended
 * on the way.
 */
class Http2SmugglingTest {
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    private static final H2Frame NEXT = H2Frame.headers(
            3, true, H2Frame.block(fields(":method: GET | :scheme: http | :path: /next | :authority: a.test")));

    static List<HostileMessage> messages() {
        return HostileMessage.of("http2.txt");
    }

    @ParameterizedTest
    @MethodSource("messages")
    void aRequestMeansTheSameToAllOrNothing(HostileMessage message) {
        try (var upstream = ScriptedUpstream.answering(OK)) {
            String client;
            try (var proxy = WiredProxy.to(upstream.uri());
                    var raw = connect(proxy.port())) {
                client = fate(raw, message);
            }

            assertThat(client).isIn((Object[]) message.client().split(" or "));
            message.assertSeen(seen(upstream));
        }
    }

    /** The outcome in the words of the corpus. The next request goes out when the first has its end. */
    static String fate(RawH2Client raw, HostileMessage message) {
        String data = message.data();
        String trailers = message.trailers();
        raw.send(H2Frame.headers(1, data == null, H2Frame.block(fields(message.send()))));
        if (data != null) {
            raw.send(H2Frame.data(1, trailers == null, data));
        }
        if (trailers != null) {
            raw.send(H2Frame.headers(1, true, H2Frame.block(fields(trailers))));
        }
        raw.awaitEndOf(1).send(NEXT).awaitEndOf(3);
        StringJoiner fate = new StringJoiner(" ");
        raw.status(1).ifPresent(status -> fate.add(status.toString()));
        raw.first(RST_STREAM, 1)
                .filter(reset -> reset.int32At(0) != 0)
                .ifPresent(reset -> fate.add("reset").add(String.valueOf(reset.int32At(0))));
        raw.first(GOAWAY, 0).ifPresent(away -> fate.add("goaway").add(String.valueOf(away.int32At(4))));
        raw.status(3).ifPresent(status -> fate.add("then").add(status.toString()));
        return fate.toString();
    }

    RawH2Client connect(int port) {
        return RawH2Client.connect(port);
    }

    String seen(ScriptedUpstream upstream) {
        StringBuilder seen = new StringBuilder();
        for (int i = 1; i <= upstream.connectionCount(); i++) {
            seen.append(upstream.connection(i).received());
        }
        return seen.toString().replace("127.0.0.1:" + upstream.port(), "{U}");
    }

    private static Field[] fields(String text) {
        return Arrays.stream(text.split(" \\| ")).map(Http2SmugglingTest::field).toArray(Field[]::new);
    }

    private static Field field(String text) {
        int colon = text.indexOf(": "); // that of a pseudo field has none behind it
        return new Field(text.substring(0, colon), text.substring(colon + 2));
    }
}
