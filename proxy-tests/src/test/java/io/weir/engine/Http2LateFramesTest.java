package io.weir.engine;

import static io.weir.testkit.H2Frame.CANCEL;
import static io.weir.testkit.H2Frame.ENHANCE_YOUR_CALM;
import static io.weir.testkit.H2Frame.GOAWAY;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.testkit.Field;
import io.weir.testkit.H2Frame;
import io.weir.testkit.RawH2Client;
import io.weir.testkit.ScriptedUpstream;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/**
 * What a client had sent on a stream before it knew that the stream had ended does no harm to its connection, however much
 * it is (RFC 9113 §5.1): a client takes an answer in small pieces after the last of them has left here, or was uploading.
 */
class Http2LateFramesTest {
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    /** Many more than the frames of other kinds that are a flood. */
    private static final int MANY = 1_000;

    @Test
    void windowsOfAStreamThatHasEndedAreNoFlood() {
        isHarmless(H2Frame.windowUpdate(1, 1), true);
    }

    @Test
    void aBodyInSmallPiecesOnAStreamThatWasGivenUpIsNoFlood() {
        isHarmless(H2Frame.data(1, false, "x"), false);
    }

    @Test
    void dataOfNothingOnAStreamThatHasEndedIsAFlood() {
        isFlood(H2Frame.data(1, false, ""));
    }

    @Test
    void windowsThatOpenByNothingAreAFloodOnAStreamThatHasEnded() {
        isFlood(H2Frame.windowUpdate(1, 0));
    }

    private static void isHarmless(H2Frame late, boolean whole) {
        try (var upstream = ScriptedUpstream.answering(OK);
                var proxy = WiredProxy.to(upstream.uri());
                var client = RawH2Client.connect(proxy.port())) {
            endStream(client, whole);

            client.send(times(MANY, late)).send(H2Frame.headers(3, true, head("GET")));

            client.awaitEndOf(3);
            assertThat(client.first(GOAWAY, 0)).isEmpty();
            assertThat(client.awaitStatus(3)).isEqualTo(200);
        }
    }

    private static void isFlood(H2Frame late) {
        try (var upstream = ScriptedUpstream.answering(OK);
                var proxy = WiredProxy.to(upstream.uri());
                var client = RawH2Client.connect(proxy.port())) {
            endStream(client, true);

            client.send(times(MANY, late));

            assertThat(client.awaitGoAway()).isEqualTo(ENHANCE_YOUR_CALM);
        }
    }

    private static void endStream(RawH2Client client, boolean whole) {
        client.send(H2Frame.headers(1, whole, head(whole ? "GET" : "POST")));
        if (whole) {
            client.awaitEndOf(1);
        } else {
            client.send(H2Frame.reset(1, CANCEL));
        }
    }

    private static H2Frame[] times(int times, H2Frame frame) {
        H2Frame[] frames = new H2Frame[times];
        Arrays.fill(frames, frame);
        return frames;
    }

    private static byte[] head(String method) {
        return H2Frame.block(
                new Field(":method", method),
                new Field(":scheme", "http"),
                new Field(":path", "/"),
                new Field(":authority", "a.test"));
    }
}
