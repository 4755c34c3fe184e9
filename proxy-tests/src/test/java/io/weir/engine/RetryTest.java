package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.weir.http.ProxyError;
import io.weir.log.AttemptSummary;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawResponse;
import io.weir.testkit.RefusingPort;
import io.weir.testkit.ScriptedUpstream;
import io.weir.testkit.UnresponsivePort;
import io.weir.upstream.RetryPolicy;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An upstream that fails in every way before its head, and another that is well. */
class RetryTest {
    private static final RetryPolicy DEFAULTS = RetryPolicy.defaults();
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    private static final String BUSY = "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\nX-From: busy\r\n\r\nbusy";

    @ParameterizedTest
    @ValueSource(strings = {"GET", "POST", "PUT"})
    void anUpstreamThatRefusesIsPassedOverForAnyMethod(String method) {
        try (RefusingPort ill = RefusingPort.open();
                ScriptedUpstream well = ScriptedUpstream.answering(OK);
                RetryingProxy proxy = RetryingProxy.patientlyOver(DEFAULTS, ill.uri(), well.uri())) {
            RawResponse response = proxy.exchange(request(method, "body"));

            assertThat(response.status()).isEqualTo(200);
            assertThat(well.awaitRequest().body()).isEqualTo(method.equals("GET") ? "" : "body");
            assertThat(proxy.awaitEnded(1).attempts())
                    .extracting(AttemptSummary::upstream, AttemptSummary::error, AttemptSummary::status)
                    .containsExactly(tuple(ill.uri(), ProxyError.CONNECTION_REFUSED, 0), tuple(well.uri(), null, 200));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET", "PUT"})
    void anUpstreamThatResetsIsPassedOverWhereAMethodMayBeRepeated(String method) {
        try (ScriptedUpstream ill = resettingOnceItHasRead();
                ScriptedUpstream well = ScriptedUpstream.answering(OK);
                RetryingProxy proxy = RetryingProxy.patientlyOver(DEFAULTS, ill.uri(), well.uri())) {
            assertThat(proxy.exchange(request(method, "body")).status()).isEqualTo(200);
            assertThat(well.requests()).hasSize(1);
        }
    }

    @Test
    void aPostThatWasSentReachesNoOtherUpstream() {
        try (ScriptedUpstream ill = resettingOnceItHasRead();
                ScriptedUpstream well = ScriptedUpstream.answering(OK);
                RetryingProxy proxy = RetryingProxy.patientlyOver(DEFAULTS, ill.uri(), well.uri())) {
            assertThat(proxy.exchange(request("POST", "body")).status()).isEqualTo(502);
            assertThat(well.connectionCount()).isZero();
        }
    }

    @Test
    void aPostIsSentTwiceIfTheApplicationTakesCareOfDoubles() {
        try (ScriptedUpstream ill = resettingOnceItHasRead();
                ScriptedUpstream well = ScriptedUpstream.answering(OK);
                RetryingProxy proxy =
                        RetryingProxy.patientlyOver(DEFAULTS.withNonIdempotent(), ill.uri(), well.uri())) {
            assertThat(proxy.exchange(request("POST", "body")).status()).isEqualTo(200);
            assertThat(well.awaitRequest().body()).isEqualTo("body");
        }
    }

    @Test
    void aConnectionThatIsResetAtOnceCostsAGetNothing() {
        try (ScriptedUpstream ill = ScriptedUpstream.of(connection -> connection.reset());
                ScriptedUpstream well = ScriptedUpstream.answering(OK);
                RetryingProxy proxy = RetryingProxy.patientlyOver(DEFAULTS, ill.uri(), well.uri())) {
            for (int i = 0; i < 20; i++) {
                assertThat(proxy.exchange(request("GET", "")).status()).isEqualTo(200);
            }
        }
    }

    @Test
    void aPostOnAConnectionThatIsResetAtOnceReachesOneUpstreamAtMost() {
        try (ScriptedUpstream ill = ScriptedUpstream.of(connection -> connection.reset());
                ScriptedUpstream well = ScriptedUpstream.answering(OK);
                RetryingProxy proxy = RetryingProxy.patientlyOver(DEFAULTS, ill.uri(), well.uri())) {
            int passed = 0;
            for (int i = 0; i < 20; i++) {
                int status = proxy.exchange(request("POST", "body")).status();
                assertThat(status).isIn(200, 502);
                passed += status == 200 ? 1 : 0;
            }

            assertThat(well.requests()).hasSize(passed);
        }
    }

    @Test
    void aSilentUpstreamIsPassedOverWhenItsReadClockRunsOut() {
        try (ScriptedUpstream ill = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.hang();
                });
                ScriptedUpstream well = ScriptedUpstream.answering(OK);
                RetryingProxy proxy = RetryingProxy.over(DEFAULTS, ill.uri(), well.uri())) {
            assertThat(proxy.exchange(request("GET", "")).status()).isEqualTo(200);
            assertThat(proxy.awaitEnded(1).attempts())
                    .extracting(AttemptSummary::error)
                    .containsExactly(ProxyError.CONNECTION_READ_TIMEOUT, null);
        }
    }

    @Test
    void aPostToASilentUpstreamIsA504() {
        try (ScriptedUpstream ill = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.hang();
                });
                ScriptedUpstream well = ScriptedUpstream.answering(OK);
                RetryingProxy proxy = RetryingProxy.over(DEFAULTS, ill.uri(), well.uri())) {
            assertThat(proxy.exchange(request("POST", "body")).status()).isEqualTo(504);
            assertThat(well.connectionCount()).isZero();
        }
    }

    @Test
    void garbageIsRetriedOnlyOnDemand() {
        try (ScriptedUpstream ill = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("SSH-2.0-OpenSSH\r\n\r\n");
                });
                ScriptedUpstream well = ScriptedUpstream.answering(OK);
                RetryingProxy strict = RetryingProxy.patientlyOver(DEFAULTS, ill.uri(), well.uri());
                RetryingProxy lenient = RetryingProxy.patientlyOver(
                        DEFAULTS.withConditions(RetryPolicy.Condition.INVALID_HEAD), ill.uri(), well.uri())) {
            assertThat(strict.exchange(request("GET", "")).status()).isEqualTo(502);
            assertThat(lenient.exchange(request("GET", "")).status()).isEqualTo(200);
        }
    }

    @Test
    void theNextTryMayWaitForItsBackOff() {
        try (RefusingPort ill = RefusingPort.open();
                ScriptedUpstream well = ScriptedUpstream.answering(OK);
                RetryingProxy proxy = RetryingProxy.patientlyOver(
                        DEFAULTS.withBackOff(Duration.ofMillis(50), Duration.ofMillis(50)), ill.uri(), well.uri())) {
            for (int i = 0; i < 10; i++) {
                assertThat(proxy.exchange(request("PUT", "body" + i)).status()).isEqualTo(200);
                assertThat(well.awaitRequest().body()).isEqualTo("body" + i);
            }
        }
    }

    // ---- chosen statuses ----

    @ParameterizedTest
    @ValueSource(longs = {0, 30})
    void anAnswerThatIsNotWantedIsGivenUp(long backOffMillis) {
        Duration backOff = Duration.ofMillis(backOffMillis);
        RetryPolicy retry = DEFAULTS.withStatuses(503).withBackOff(backOff, backOff);
        try (ScriptedUpstream ill = ScriptedUpstream.answering(BUSY);
                ScriptedUpstream well = ScriptedUpstream.answering(OK);
                RetryingProxy proxy = RetryingProxy.patientlyOver(retry, ill.uri(), well.uri())) {
            for (int i = 0; i < 10; i++) {
                RawResponse response = proxy.exchange(request(i % 2 == 0 ? "GET" : "PUT", "body" + i));

                assertThat(response.status()).isEqualTo(200);
                assertThat(response.body()).isEqualTo("ok");
                assertThat(well.awaitRequest().body()).isEqualTo(i % 2 == 0 ? "" : "body" + i);
            }
        }
    }

    @Test
    void anEndlessAnswerThatIsNotWantedIsCutOff() {
        try (ScriptedUpstream ill = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbusy\r\n");
                    connection.hang();
                });
                ScriptedUpstream well = ScriptedUpstream.answering(OK);
                RetryingProxy proxy = RetryingProxy.patientlyOver(DEFAULTS.withStatuses(503), ill.uri(), well.uri())) {
            assertThat(proxy.exchange(request("GET", "")).status()).isEqualTo(200);
            ill.awaitClosed(1);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 30})
    void theLastAnswerIsDeliveredAsItCame(long backOffMillis) {
        Duration backOff = Duration.ofMillis(backOffMillis);
        RetryPolicy retry = DEFAULTS.withStatuses(503).withBackOff(backOff, backOff);
        try (ScriptedUpstream one = ScriptedUpstream.answering(BUSY);
                ScriptedUpstream other = ScriptedUpstream.answering(BUSY);
                RetryingProxy proxy = RetryingProxy.patientlyOver(retry, one.uri(), other.uri())) {
            RawResponse response = proxy.exchange(request("GET", ""));

            assertThat(response.status()).isEqualTo(503);
            assertThat(response.field("X-From")).contains("busy");
            assertThat(response.body()).isEqualTo("busy");
            assertThat(one.requests().size() + other.requests().size()).isEqualTo(2);
        }
    }

    @Test
    void aClientThatGoesDuringTheBackOffLeavesNothingBehind() {
        Duration hour = Duration.ofHours(1);
        RetryPolicy retry = DEFAULTS.withStatuses(503).withBackOff(hour, hour);
        try (ScriptedUpstream ill = ScriptedUpstream.answering(BUSY);
                ScriptedUpstream well = ScriptedUpstream.answering(OK);
                RetryingProxy proxy = RetryingProxy.patientlyOver(retry, ill.uri(), well.uri());
                RawClient client = proxy.client()) {
            client.send(request("PUT", "body"));
            ill.awaitRequest();
            client.reset();

            assertThat(proxy.awaitEnded(1).outcome().status()).isEqualTo(499);
        }
    }

    @Test
    void theAnswerToAPostIsDelivered() {
        try (ScriptedUpstream ill = ScriptedUpstream.answering(BUSY);
                ScriptedUpstream well = ScriptedUpstream.answering(OK);
                RetryingProxy proxy = RetryingProxy.patientlyOver(DEFAULTS.withStatuses(503), ill.uri(), well.uri())) {
            assertThat(proxy.exchange(request("POST", "body")).status()).isEqualTo(503);
            assertThat(well.connectionCount()).isZero();
        }
    }

    @Test
    void aPortThatNeverAcceptsIsPassedOverWhenTheConnectClockRunsOut() {
        try (UnresponsivePort ill = UnresponsivePort.open();
                ScriptedUpstream well = ScriptedUpstream.answering(OK);
                RetryingProxy proxy = RetryingProxy.over(DEFAULTS, ill.uri(), well.uri())) {
            assertThat(proxy.exchange(request("POST", "body")).status()).isEqualTo(200);
        }
    }

    private static ScriptedUpstream resettingOnceItHasRead() {
        return ScriptedUpstream.of(connection -> {
            connection.readRequest();
            connection.reset();
        });
    }

    private static String request(String method, String body) {
        String framing = method.equals("GET") ? "" : "Content-Length: " + body.length() + "\r\n";
        return method + " / HTTP/1.1\r\nHost: a\r\n" + framing + "\r\n" + (method.equals("GET") ? "" : body);
    }
}
