package io.weir.jetty.upstream;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.Headers;
import io.weir.http.ResponseHead;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A head that is read at one go says what it says when Jetty's parser reads it, as it does where it comes byte by byte. */
class PlainHeadTest {
    private static final int LIMIT = 1024;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
                "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 404 Not  Found at all\r\ncontent-LENGTH:   1  \r\nserver:x\r\nX-Own: a  b \r\n\r\nx",
                "HTTP/1.1 503 No\r\nConnection: close\r\nContent-Length: 2\r\nEmpty:\r\nEmpty: \r\n\r\nok",
                "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nConnection: x, Close\r\nContent-Length: 2\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nDate: Tue, 24 Nov 2026 15:17:00 GMT\r\nContent-Type: text/html; charset=utf-8\r\n"
                        + "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nETag: \"x\"\r\nContent-Length: 007\r\n\r\n1234567"
            })
    void aPlainHeadIsTakenAndReadAsJettyReadsIt(String message) {
        ByteBuffer bytes = bytes(message);

        assertThat(PlainHead.take(bytes, LIMIT)).isNotNull();
        assertThat(bytes.position()).isEqualTo(message.indexOf("\r\n\r\n") + 4);
        assertThat(whole(message)).isEqualTo(byteByByte(message));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r",
                "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok",
                "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
                "http/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
                "HTTP/1.1  200 OK\r\nContent-Length: 2\r\n\r\nok",
                "HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok",
                "HTTP/1.1 2x0 OK\r\nContent-Length: 2\r\n\r\nok",
                "HTTP/1.1 200 O\u0000K\r\nContent-Length: 2\r\n\r\nok",
                "HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
                "HTTP/1.1 200 OK\r\nContent-Length: 2\n\r\nok",
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nServer: x\r\n\r\nuntil the end",
                "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok",
                "HTTP/1.1 200 OK\r\n Content-Length: 2\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: a\r\n b\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: a\tb\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: \u00e9\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: a\u007fb\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX\u00e9: a\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n: a\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX(: a\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nHost: a\r\nHost: b\r\n\r\nok",
                "HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\nok",
                "HTTP/1.1 304 No\r\nContent-Length: 2\r\n\r\nok",
                "HTTP/1.1 100 Continue\r\nContent-Length: 2\r\n\r\nok",
                "HTTP/1.1 101 Switch\r\nContent-Length: 2\r\n\r\nok"
            })
    void anyOtherIsLeftUntouched(String message) {
        ByteBuffer bytes = bytes(message);

        assertThat(PlainHead.take(bytes, LIMIT)).isNull();
        assertThat(bytes.position()).isZero();
        assertThat(whole(message)).isEqualTo(byteByByte(message));
    }

    @Test
    void knownNamesGetTheirUsualCase() {
        PlainHead head =
                PlainHead.take(bytes("HTTP/1.1 200 OK\r\nserver: x\r\nX-oWN: y\r\nCONTENT-length: 0\r\n\r\n"), LIMIT);

        assertThat(head.fields()).isEqualTo(Headers.of("Server", "x", "X-oWN", "y", "Content-Length", "0"));
    }

    @Test
    void aHeadBeyondTheLimitIsNotPlain() {
        String message = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

        assertThat(PlainHead.take(bytes(message), message.length())).isNotNull();
        assertThat(PlainHead.take(bytes(message), message.length() - 1)).isNull();
    }

    @Test
    void whateverComesIsReadAlike() {
        Random random = new Random(2026);
        int plain = 0;
        for (int i = 0; i < 20_000; i++) {
            String message = message(random);
            plain += PlainHead.take(bytes(message), LIMIT) == null ? 0 : 1;
            assertThat(whole(message)).as(message).isEqualTo(byteByByte(message));
        }
        assertThat(plain).isBetween(4_000, 16_000); // of both kinds enough
    }

    /** A message of a few fields; half of them with one byte or two that may not belong there. */
    private static String message(Random random) {
        String[] fields = {
            "Content-Length: 3",
            "content-length:3",
            "Content-Length: 0",
            "Server: x",
            "server: y",
            "X-Own: some thing",
            "Connection: close",
            "Connection: keep-alive",
            "Content-Type: text/plain",
            "Transfer-Encoding: chunked",
            "Set-Cookie: a=b; Path=/",
            "Cache-Control: no-cache",
            "ETag: \"1\"",
            "Empty:"
        };
        StringBuilder message =
                new StringBuilder("HTTP/1.1 ").append(200 + random.nextInt(120)).append(" OK\r\n");
        int count = random.nextInt(5);
        message.append(random.nextInt(5) > 0 ? "Content-Length: 3\r\n" : "");
        for (int i = 0; i < count; i++) {
            int kinds = random.nextInt(4) > 0 ? fields.length - 11 : fields.length;
            message.append(fields[fields.length - 1 - random.nextInt(kinds)]).append("\r\n");
        }
        message.append("\r\nabc");
        for (int i = random.nextInt(4) - 2; i >= 0; i--) {
            message.setCharAt(random.nextInt(message.length()), (char) random.nextInt(256));
        }
        return message.toString();
    }

    // ---- what a parser makes of a message ----

    private static List<String> whole(String message) {
        ResponseParser parser = parser();
        List<String> told = new ArrayList<>();
        ByteBuffer bytes = bytes(message);
        read(parser, bytes, told);
        return end(parser, bytes.remaining(), told);
    }

    private static List<String> byteByByte(String message) {
        ResponseParser parser = parser();
        List<String> told = new ArrayList<>();
        int read = 0;
        while (read < message.length() && !parser.isComplete() && parser.problem() == null) {
            read(parser, bytes(message.substring(read, read + 1)), told);
            read++;
        }
        return end(parser, message.length() - read, told);
    }

    private static ResponseParser parser() {
        ResponseParser parser = new ResponseParser(LIMIT);
        parser.begin(false);
        return parser;
    }

    private static void read(ResponseParser parser, ByteBuffer bytes, List<String> told) {
        do {
            parser.parse(bytes);
            if (parser.head() != null) {
                ResponseHead head = parser.takeHead();
                told.add("status " + head.status());
                for (int i = 0; i < head.headers().size(); i++) {
                    String name = head.headers()
                            .name(i)
                            .toLowerCase(Locale.ROOT); // Jetty keeps it only where the name comes in pieces
                    told.add(name + ": " + head.headers().value(i));
                }
            }
            ByteBuffer content = parser.takeContent();
            while (content != null && content.hasRemaining()) {
                told.add("byte " + content.get());
            }
        } while (bytes.hasRemaining() && !parser.isComplete() && parser.problem() == null);
        parser.parse(bytes); // Jetty's says only now that the message has ended
    }

    private static List<String> end(ResponseParser parser, int left, List<String> told) {
        if (parser.isComplete()) {
            told.add("complete, kept: " + parser.isPersistent() + ", not read: " + left);
        } else if (parser.problem() != null) {
            told.add("broken: " + parser.problem().error());
        } else {
            told.add("incomplete");
        }
        return told;
    }

    private static ByteBuffer bytes(String message) {
        return ByteBuffer.wrap(message.getBytes(ISO_8859_1));
    }
}
