package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.testkit.Field;
import io.weir.testkit.H2Client;
import io.weir.testkit.H2Response;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawRequest;
import io.weir.testkit.RefusingPort;
import io.weir.testkit.ScriptedUpstream;
import io.weir.upstream.RetryPolicy;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A request's body that has to be sent once more: byte for byte, or not at all. */
class ReplayTest {
    private static final int LIMIT = 64 * 1024;
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    private static final String BUSY = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n";

    @ParameterizedTest
    @ValueSource(ints = {1, 1023, 1024, 1025, 16 * 1024, LIMIT - 1, LIMIT})
    void aBodyWithinTheLimitReachesTheNextUpstreamByteForByte(int size) {
        String body = noise(size);
        try (Upstreams upstreams = Upstreams.resettingOnceItHasRead();
                RetryingProxy proxy = upstreams.proxy(RetryPolicy.defaults())) {
            assertThat(proxy.exchange(sized(body)).status()).isEqualTo(200);

            assertThat(upstreams.well.awaitRequest().body()).isEqualTo(body);
        }
    }

    @Test
    void aLongerBodyIsSentOnce() {
        try (Upstreams upstreams = Upstreams.resettingOnceItHasRead();
                RetryingProxy proxy = upstreams.proxy(RetryPolicy.defaults())) {
            assertThat(proxy.exchange(sized(noise(LIMIT + 1))).status()).isEqualTo(502);

            assertThat(upstreams.well.connectionCount()).isZero();
        }
    }

    @Test
    void theLimitIsThePolicys() {
        try (Upstreams upstreams = Upstreams.resettingOnceItHasRead();
                RetryingProxy proxy = upstreams.proxy(RetryPolicy.defaults().withReplay(10))) {
            assertThat(proxy.exchange(sized("0123456789A")).status()).isEqualTo(502);
            assertThat(proxy.exchange(sized("well")).status()).isEqualTo(200);
            assertThat(proxy.exchange(sized("0123456789")).status()).isEqualTo(200);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 5_000, LIMIT})
    void aChunkedBodyIsReplayedWithItsTrailers(int size) {
        String body = noise(size);
        try (Upstreams upstreams = Upstreams.resettingOnceItHasRead();
                RetryingProxy proxy = upstreams.proxy(RetryPolicy.defaults())) {
            assertThat(proxy.exchange(chunked(body)).status()).isEqualTo(200);

            RawRequest request = upstreams.well.awaitRequest();
            assertThat(request.body()).isEqualTo(body);
            assertThat(request.trailers()).extracting(Field::name).containsExactly("X-Check");
        }
    }

    @Test
    void aBodyInTheMiddleOfItsWayIsReplayedAndGoesOn() {
        String body = noise(50_000);
        try (Upstreams upstreams = Upstreams.of(connection -> {
                    connection.readHead();
                    connection.discard(10_000);
                    connection.reset();
                });
                RetryingProxy proxy = upstreams.proxy(RetryPolicy.defaults());
                RawClient client = proxy.client()) {
            client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n" + body.substring(0, 10_000));
            upstreams.well.awaitConnections(1);
            client.send(body.substring(10_000));

            assertThat(client.readResponse().status()).isEqualTo(200);
            assertThat(upstreams.well.awaitRequest().body()).isEqualTo(body);
        }
    }

    @Test
    void afterTheReplayAnUploadOfAnySizeGoesOn() {
        String body = noise(1_000_000);
        try (Upstreams upstreams = Upstreams.of(connection -> {
                    connection.readHead();
                    connection.discard(10_000);
                    connection.reset();
                });
                RetryingProxy proxy = upstreams.proxy(RetryPolicy.defaults());
                RawClient client = proxy.client()) {
            client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + body.substring(0, 10_000));
            upstreams.well.awaitConnections(1);
            client.send(body.substring(10_000));

            assertThat(client.readResponse().status()).isEqualTo(200);
            assertThat(upstreams.well.awaitRequest().body()).isEqualTo(body);
        }
    }

    @Test
    void aBodyThatTricklesIsReplayed() {
        String body = noise(300);
        try (Upstreams upstreams = Upstreams.resettingOnceItHasRead();
                RetryingProxy proxy = upstreams.proxy(RetryPolicy.defaults());
                RawClient client = proxy.client()) {
            client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 300\r\n\r\n");
            for (int i = 0; i < body.length(); i++) {
                client.send(body.substring(i, i + 1));
            }

            assertThat(client.readResponse().status()).isEqualTo(200);
            assertThat(upstreams.well.awaitRequest().body()).isEqualTo(body);
        }
    }

    @Test
    void anAnswerThatIsNotWantedLetsTheUploadGoToTheNextUpstream() {
        String body = noise(40_000);
        try (Upstreams upstreams = Upstreams.of(connection -> {
                    connection.readHead();
                    connection.send(BUSY);
                    connection.hang();
                });
                RetryingProxy proxy = upstreams.proxy(RetryPolicy.defaults().withStatuses(503));
                RawClient client = proxy.client()) {
            client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 40000\r\n\r\n" + body.substring(0, 10));
            upstreams.well.awaitConnections(1);
            client.send(body.substring(10));

            assertThat(client.readResponse().status()).isEqualTo(200);
            assertThat(upstreams.well.awaitRequest().body()).isEqualTo(body);
        }
    }

    @Test
    void anAnswerToALongUploadIsDelivered() {
        try (Upstreams upstreams = Upstreams.of(connection -> {
                    connection.readRequest();
                    connection.send(BUSY);
                });
                RetryingProxy proxy = upstreams.proxy(RetryPolicy.defaults().withStatuses(503))) {
            assertThat(proxy.exchange(sized(noise(LIMIT + 1))).status()).isEqualTo(503);
            assertThat(upstreams.well.connectionCount()).isZero();
        }
    }

    @Test
    void aClientThatWaitsToContinueIsAskedOnce() {
        try (Upstreams upstreams = Upstreams.of(connection -> {
                    RawRequest head = connection.readHead();
                    connection.send("HTTP/1.1 100 Continue\r\n\r\n");
                    connection.readBody(head);
                    connection.reset();
                });
                RetryingProxy proxy = upstreams.proxy(RetryPolicy.defaults());
                RawClient client = proxy.client()) {
            client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
            assertThat(client.readInterim().status()).isEqualTo(100);
            client.send("body");

            assertThat(client.readResponse().status()).isEqualTo(200);
            assertThat(upstreams.well.awaitRequest().body()).isEqualTo("body");
        }
    }

    @Test
    void aPostOverHttp2GoesOnFromOneThatRefuses() {
        try (RefusingPort ill = RefusingPort.open();
                ScriptedUpstream well = ScriptedUpstream.answering(OK);
                RetryingProxy proxy = RetryingProxy.patientlyOver(RetryPolicy.defaults(), ill.uri(), well.uri());
                H2Client client = proxy.h2Client()) {
            H2Response response = client.request("POST", "/", List.of(new Field("Host", "a.test")), "small ", "body");

            assertThat(response.status()).isEqualTo(200);
            assertThat(well.requests()).extracting(RawRequest::body).containsExactly("small body");
        }
    }

    @Test
    void aPutOverHttp2IsReplayedByteForByte() {
        String body = noise(5_000);
        try (Upstreams upstreams = Upstreams.resettingOnceItHasRead();
                RetryingProxy proxy = upstreams.proxy(RetryPolicy.defaults());
                H2Client client = proxy.h2Client()) {
            H2Response response = client.request("PUT", "/", List.of(new Field("Host", "a.test")), body, body);

            assertThat(response.status()).isEqualTo(200);
            assertThat(upstreams.ill.requests()).extracting(RawRequest::body).containsExactly(body + body);
            assertThat(upstreams.well.requests()).extracting(RawRequest::body).containsExactly(body + body);
        }
    }

    @Test
    void aClientThatGoesWhileItsBodyIsKeptLeavesNothingBehind() {
        try (Upstreams upstreams = Upstreams.of(connection -> {
                    connection.readHead();
                    connection.discard(10_000);
                    connection.hang();
                });
                RetryingProxy proxy = upstreams.proxy(RetryPolicy.defaults());
                RawClient client = proxy.client()) {
            client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n" + noise(10_000));
            upstreams.ill.awaitRequest();
            client.reset();

            assertThat(proxy.awaitEnded(1).outcome().status()).isEqualTo(499);
        }
    }

    private static String sized(String body) {
        return "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
    }

    private static String chunked(String body) {
        StringBuilder request = new StringBuilder("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (int i = 0; i < body.length(); i += 1_000) {
            String chunk = body.substring(i, Math.min(body.length(), i + 1_000));
            request.append(Integer.toHexString(chunk.length()))
                    .append("\r\n")
                    .append(chunk)
                    .append("\r\n");
        }
        return request.append("0\r\nX-Check: sum\r\n\r\n").toString();
    }

    /** Latin-1 text of every byte, so that a piece out of place is seen. */
    private static String noise(int size) {
        Random random = new Random(size);
        StringBuilder text = new StringBuilder(size);
        for (int i = 0; i < size; i++) {
            text.append((char) random.nextInt(256));
        }
        return text.toString();
    }

    /** One that takes requests but does not serve them, and one that is well. */
    private record Upstreams(ScriptedUpstream ill, ScriptedUpstream well) implements AutoCloseable {
        static Upstreams of(ScriptedUpstream.Script script) {
            return new Upstreams(ScriptedUpstream.of(script), ScriptedUpstream.answering(OK));
        }

        static Upstreams resettingOnceItHasRead() {
            return of(connection -> {
                connection.readRequest();
                connection.reset();
            });
        }

        RetryingProxy proxy(RetryPolicy retry) {
            return RetryingProxy.patientlyOver(retry, ill.uri(), well.uri());
        }

        @Override
        public void close() {
            ill.close();
            well.close();
        }
    }
}
