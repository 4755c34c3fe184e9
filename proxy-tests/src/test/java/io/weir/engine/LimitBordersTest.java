package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.testkit.Field;
import io.weir.testkit.H2Frame;
import io.weir.testkit.RawH2Client;
import io.weir.testkit.ScriptedUpstream;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each limit on requests lets through exactly as much as it says, and no more, over HTTP/1.1 and over HTTP/2. */
class LimitBordersTest {
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    private static final int HEAD = 1000;
    private static final int TARGET = 500;
    private static final int FIELDS = 10;
    private static final int BODY = 20;

    @ParameterizedTest
    @CsvSource({"999, 200", "1000, 200", "1001, 431", "1500, 431", "100000, 431"})
    void aHead(int bytes, int status) {
        int filler = bytes - "GET / HTTP/1.1\r\nHost: a.test\r\nX: \r\n\r\n".length();

        answers("GET / HTTP/1.1\r\nHost: a.test\r\nX: " + "x".repeat(filler) + "\r\n\r\n", status);
    }

    @ParameterizedTest
    @CsvSource({"999, 200", "1000, 200", "1001, 431", "2000, 431", "9000, 431"})
    void aHeadOverHttp2(int bytes, int status) {
        int filler = bytes - "GET / HTTP/1.1\r\nHost: a.test\r\nX: \r\n\r\n".length();

        answersOverHttp2(status, "/", new Field("x", "x".repeat(filler)));
    }

    @ParameterizedTest
    @CsvSource({"499, 200", "500, 200", "501, 414", "900, 414", "100000, 414"})
    void aTarget(int bytes, int status) {
        answers("GET /" + "x".repeat(bytes - 1) + " HTTP/1.1\r\nHost: a.test\r\n\r\n", status);
    }

    @ParameterizedTest
    @CsvSource({"499, 200", "500, 200", "501, 414", "900, 414", "9000, 414"})
    void aTargetOverHttp2(int bytes, int status) {
        answersOverHttp2(status, "/" + "x".repeat(bytes - 1));
    }

    @ParameterizedTest
    @CsvSource({"9, 200", "10, 200", "11, 431"})
    void fields(int count, int status) {
        answers("GET / HTTP/1.1\r\nHost: a.test\r\n" + "X: y\r\n".repeat(count - 1) + "\r\n", status);
    }

    @ParameterizedTest
    @CsvSource({"9, 200", "10, 200", "11, 431"})
    void fieldsOverHttp2(int count, int status) {
        Field[] fields = new Field[count];
        Arrays.fill(fields, new Field("x", "y"));

        answersOverHttp2(status, "/", fields);
    }

    @ParameterizedTest
    @CsvSource({"19, 200", "20, 200", "21, 413"})
    void aBodyOfKnownLength(int bytes, int status) {
        answers("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: " + bytes + "\r\n\r\n" + "x".repeat(bytes), status);
    }

    @ParameterizedTest
    @CsvSource({"19, 200", "20, 200", "21, 413"})
    void aBodyInChunks(int bytes, int status) {
        answers(
                "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n" + Integer.toHexString(bytes)
                        + "\r\n" + "x".repeat(bytes) + "\r\n0\r\n\r\n",
                status);
    }

    @ParameterizedTest
    @CsvSource({"19, 200", "20, 200", "21, 413"})
    void aBodyOverHttp2(int bytes, int status) {
        try (var upstream = ScriptedUpstream.answering(OK);
                var proxy = limited(upstream);
                var client = RawH2Client.connect(proxy.port())) {
            client.send(H2Frame.headers(1, false, head("POST", "/")), H2Frame.data(1, true, "x".repeat(bytes)));

            assertThat(client.awaitStatus(1)).isEqualTo(status);
        }
    }

    private static void answers(String request, int status) {
        try (var upstream = ScriptedUpstream.answering(OK);
                var proxy = limited(upstream)) {

            assertThat(proxy.exchange(request).status()).isEqualTo(status);
        }
    }

    private static void answersOverHttp2(int status, String path, Field... fields) {
        try (var upstream = ScriptedUpstream.answering(OK);
                var proxy = limited(upstream);
                var client = RawH2Client.connect(proxy.port())) {
            client.send(H2Frame.headers(1, true, head("GET", path, fields))).awaitEndOf(1);

            assertThat(client.awaitStatus(1)).isEqualTo(status);
            client.send(H2Frame.headers(3, true, head("GET", "/")));
            assertThat(client.awaitStatus(3)).isEqualTo(200); // other streams have nothing to do with it
        }
    }

    private static byte[] head(String method, String path, Field... fields) {
        byte[] first = H2Frame.block(
                new Field(":method", method),
                new Field(":scheme", "http"),
                new Field(":path", path),
                new Field(":authority", "a.test"));
        byte[] rest = H2Frame.block(fields);
        byte[] all = Arrays.copyOf(first, first.length + rest.length);
        System.arraycopy(rest, 0, all, first.length, rest.length);
        return all;
    }

    private static WiredProxy limited(ScriptedUpstream upstream) {
        return WiredProxy.to(
                pool -> pool.upstream(upstream.uri()),
                config -> config.limits(limits -> limits.withRequestHead(HEAD)
                        .withRequestTarget(TARGET)
                        .withRequestFields(FIELDS)
                        .withRequestBody(BODY)));
    }
}
