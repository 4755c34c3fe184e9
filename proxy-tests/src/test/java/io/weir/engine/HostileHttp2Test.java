package io.weir.engine;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.testkit.Await;
import io.weir.testkit.Field;
import io.weir.testkit.ScriptedUpstream;
import java.io.ByteArrayOutputStream;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** HTTP/2 that means harm hurts nobody but its sender. */
class HostileHttp2Test {
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    private static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    private static final int END_STREAM = 0x1;
    private static final int END_HEADERS = 0x4;

    /** Jetty keeps the bytes of a CONNECT for a tunnel; whoever asks for them as a body asks for ever. */
    @ParameterizedTest
    @ValueSource(ints = {END_HEADERS, END_HEADERS | END_STREAM})
    void aConnectIsRefusedAndTheOthersAreServed(int flags) {
        try (var proxied = Proxied.to(ScriptedUpstream.answering(OK));
                var hostile = proxied.client();
                var other = proxied.client()) {
            byte[] method = literal(2, "CONNECT"); // :method
            byte[] authority = literal(1, "x:1"); // :authority
            hostile.send(PREFACE).send(frame(4, 0, 0, new byte[0])).send(frame(1, flags, 1, joined(method, authority)));

            assertThat(proxied.awaitEnded(1).outcome().status()).isEqualTo(405);
            for (int i = 0; i < 3; i++) {
                assertThat(other.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")
                                .readResponse()
                                .status())
                        .isEqualTo(200);
            }
        }
    }

    @Test
    void tooManyFieldsAreTooManyOverHttp2Too() {
        try (var proxied = Proxied.to(ScriptedUpstream.answering(OK), c -> c.limits(l -> l.withRequestFields(3)));
                var client = proxied.h2Client()) {
            var response = client.openStream(
                            "GET",
                            "/",
                            List.of(new Field("a", "1"), new Field("b", "2"), new Field("c", "3"), new Field("d", "4")))
                    .sendLast("")
                    .awaitResponse();

            assertThat(response.status()).isEqualTo(431);
            assertThat(proxied.upstream().requests()).isEmpty();
        }
    }

    @Test
    void aBodyOverTheLimitIsTooLargeOverHttp2Too() {
        try (var proxied = Proxied.to(ScriptedUpstream.answering(OK), c -> c.limits(l -> l.withRequestBody(3)));
                var client = proxied.h2Client()) {
            var head = client.openStream("POST", "/", List.of(new Field("content-length", "4")))
                    .sendLast("four")
                    .awaitHead();

            assertThat(head.status()).isEqualTo(413);
            Await.until("it is counted", () -> proxied.awaitEnded(1).outcome().status() == 413);
            assertThat(proxied.upstream().requests()).isEmpty();
        }
    }

    /** A field without indexing whose name is in HPACK's static table (RFC 7541 §6.2.2). */
    private static byte[] literal(int staticName, String value) {
        byte[] bytes = new byte[2 + value.length()];
        bytes[0] = (byte) staticName;
        bytes[1] = (byte) value.length();
        System.arraycopy(value.getBytes(ISO_8859_1), 0, bytes, 2, value.length());
        return bytes;
    }

    /** RFC 9113 §4.1. */
    private static byte[] frame(int type, int flags, int stream, byte[] payload) {
        int length = payload.length;
        byte[] head = {
            (byte) (length >> 16),
            (byte) (length >> 8),
            (byte) length,
            (byte) type,
            (byte) flags,
            0,
            0,
            0,
            (byte) stream
        };
        return joined(head, payload);
    }

    private static byte[] joined(byte[]... parts) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            bytes.writeBytes(part);
        }
        return bytes.toByteArray();
    }
}
