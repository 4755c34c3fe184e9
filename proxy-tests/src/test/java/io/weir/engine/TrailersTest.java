package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.testkit.Field;
import io.weir.testkit.H2Response;
import io.weir.testkit.RawRequest;
import io.weir.testkit.RawResponse;
import io.weir.testkit.ScriptedUpstream;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Trailers pass in both directions, apart from those that RFC 9110 §6.5.1 keeps out of them. */
class TrailersTest {

    private static final String FORBIDDEN = "Content-Length: 5\r\nHost: b.test\r\nConnection: close\r\nTE: x\r\n"
            + "Authorization: Basic eA==\r\nSet-Cookie: a=b\r\nX-Forwarded-For: 1.2.3.4\r\n";
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

    @Test
    void aRequestsTrailersReachTheUpstream() {
        try (var proxied = Proxied.to(ScriptedUpstream.answering(OK));
                var client = proxied.client()) {

            client.send("POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
                            + "3\r\nabc\r\n0\r\nX-Sum: 1\r\n" + FORBIDDEN + "X-Sum: 2\r\n\r\n")
                    .readResponse();

            RawRequest request = proxied.upstream().awaitRequest();
            assertThat(request.body()).isEqualTo("abc");
            assertThat(request.field("Trailer")).contains("X-Sum");
            assertThat(request.trailers()).containsExactly(new Field("X-Sum", "1"), new Field("X-Sum", "2"));
        }
    }

    @Test
    void aRequestsTrailersReachTheUpstreamFromHttp2() {
        try (var proxied = Proxied.to(ScriptedUpstream.answering(OK));
                var client = proxied.h2Client()) {

            client.openStream("POST", "/", List.of())
                    .send("abc")
                    .sendTrailers(new Field("x-sum", "1"), new Field("x-forwarded-for", "1.2.3.4"))
                    .awaitResponse();

            RawRequest request = proxied.upstream().awaitRequest();
            assertThat(request.body()).isEqualTo("abc");
            assertThat(request.trailers()).containsExactly(new Field("x-sum", "1"));
        }
    }

    @Test
    void aRequestOfTrailersAloneReachesTheUpstreamFromHttp2() {
        try (var proxied = Proxied.to(ScriptedUpstream.answering(OK));
                var client = proxied.h2Client()) {

            client.openStream("POST", "/", List.of())
                    .sendTrailers(new Field("x-sum", "0"))
                    .awaitResponse();

            RawRequest request = proxied.upstream().awaitRequest();
            assertThat(request.body()).isEmpty();
            assertThat(request.trailers()).containsExactly(new Field("x-sum", "0"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"3\r\nabc\r\n", ""})
    void aResponsesTrailersReachTheClient(String chunk) {
        try (var proxied = Proxied.to(answer(chunk));
                var client = proxied.client()) {

            RawResponse response = client.send("GET / HTTP/1.1\r\nHost: a.test\r\nTE: trailers\r\n\r\n")
                    .readResponse();
            RawResponse next =
                    client.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n").readResponse();

            assertThat(response.isTruncated()).isFalse();
            assertThat(response.trailers()).containsExactly(new Field("X-Sum", "1"), new Field("X-Sum", "2"));
            assertThat(response.field("Trailer")).contains("X-Sum");
            assertThat(next.body()).isEqualTo(response.body());
            assertThat(proxied.upstream().connectionCount()).isOne();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"3\r\nabc\r\n", ""})
    void aResponsesTrailersReachTheClientOverHttp2(String chunk) {
        try (var proxied = Proxied.to(answer(chunk));
                var client = proxied.h2Client()) {

            H2Response response = client.request("GET", "/", List.of(new Field("TE", "trailers")));

            assertThat(response.isTruncated()).isFalse();
            assertThat(response.body()).isEqualTo(chunk.isEmpty() ? "" : "abc");
            assertThat(response.trailers()).containsExactly(new Field("x-sum", "1"), new Field("x-sum", "2"));
        }
    }

    @Test
    void trailersAreLostOnAnHttp10ClientButTheBodyIsWhole() {
        try (var proxied = Proxied.to(answer("3\r\nabc\r\n"));
                var client = proxied.client()) {

            client.send("GET / HTTP/1.0\r\nHost: a.test\r\n\r\n");

            assertThat(client.readAll()).endsWith("\r\n\r\nabc");
        }
    }

    @Test
    void onlyTrailersOfAClientsTeReachTheUpstream() {
        try (var proxied = Proxied.to(ScriptedUpstream.answering(OK));
                var client = proxied.client();
                var h2Client = proxied.h2Client()) {

            client.send("GET /1 HTTP/1.1\r\nHost: a.test\r\nTE: trailers, deflate\r\n\r\n")
                    .readResponse();
            h2Client.request("GET", "/2", List.of(new Field("TE", "trailers")));

            for (int i = 0; i < 2; i++) {
                RawRequest request = proxied.upstream().awaitRequest();
                assertThat(request.fields("TE")).containsExactly("trailers");
                assertThat(request.fields("Connection")).containsExactly("TE");
            }
        }
    }

    private static ScriptedUpstream answer(String chunk) {
        return ScriptedUpstream.answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
                + chunk + "0\r\nX-Sum: 1\r\n" + FORBIDDEN + "X-Sum: 2\r\n\r\n");
    }
}
