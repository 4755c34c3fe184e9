package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.testkit.RawClient;
import io.weir.testkit.RawRequest;
import io.weir.testkit.ScriptedUpstream;
import io.weir.upstream.RetryPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Upstreams that close each kept connection at the very moment of its next request. */
class IdleRaceTest {
    private static final int GETS = 1_000;
    private static final int POSTS = 300;
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    /** Serves one request; the next one on that connection is read and left without an answer, by an end or a reset. */
    private static ScriptedUpstream closingOnTheSecondRequest() {
        return ScriptedUpstream.of(connection -> {
            connection.readRequest();
            connection.send(OK);
            connection.readRequest();
            if (connection.number() % 2 == 0) {
                connection.close();
            } else {
                connection.reset();
            }
        });
    }

    /** Serves one request and closes without having said so: the next one meets a connection that closes just now. */
    private static ScriptedUpstream closingUnannounced() {
        return ScriptedUpstream.of(connection -> {
            connection.readRequest();
            connection.send(OK);
            connection.close();
        });
    }

    @Test
    void noGetNoticesIt() {
        try (ScriptedUpstream one = closingOnTheSecondRequest();
                ScriptedUpstream other = closingUnannounced();
                RetryingProxy proxy = RetryingProxy.patientlyOver(RetryPolicy.defaults(), one.uri(), other.uri());
                RawClient client = proxy.client()) {
            for (int i = 0; i < GETS; i++) {
                client.send("GET /" + i + " HTTP/1.1\r\nHost: a\r\n\r\n");

                assertThat(client.readResponse().status()).as("GET " + i).isEqualTo(200);
            }
        }
    }

    @Test
    void aPoolOfOneIsEnoughForThat() {
        try (ScriptedUpstream one = closingOnTheSecondRequest();
                RetryingProxy proxy = RetryingProxy.patientlyOver(RetryPolicy.off(), one.uri());
                RawClient client = proxy.client()) {
            for (int i = 0; i < 50; i++) {
                client.send("PUT /" + i + " HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");

                assertThat(client.readResponse().status()).as("PUT " + i).isEqualTo(200);
            }
        }
    }

    @Test
    void aPostReachesOneUpstreamAtMostAndGets200Or502() {
        List<Integer> statuses = new ArrayList<>();
        try (ScriptedUpstream one = closingOnTheSecondRequest();
                ScriptedUpstream other = closingUnannounced();
                RetryingProxy proxy = RetryingProxy.patientlyOver(RetryPolicy.defaults(), one.uri(), other.uri());
                RawClient client = proxy.client()) {
            for (int i = 0; i < POSTS; i++) {
                client.send("POST /" + i + " HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");
                statuses.add(client.readResponse().status());
            }

            List<RawRequest> reached = new ArrayList<>(one.requests());
            reached.addAll(other.requests());
            Map<String, Long> times = reached.stream()
                    .map(RawRequest::requestLine)
                    .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
            long passed = statuses.stream().filter(status -> status == 200).count();
            long failed = statuses.stream().filter(status -> status == 502).count();
            assertThat(passed + failed).isEqualTo(POSTS);
            assertThat(List.of(passed, failed)).doesNotContain(0L);
            assertThat(times.values()).allMatch(count -> count == 1);
            assertThat((long) times.size()).isGreaterThanOrEqualTo(passed);
        }
    }
}
