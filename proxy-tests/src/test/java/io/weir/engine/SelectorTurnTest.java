package io.weir.engine;

import static io.weir.engine.WiredProxy.GET;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.Reply;
import io.weir.http.RequestHead;
import io.weir.middleware.Middleware;
import io.weir.middleware.Verdict;
import io.weir.testkit.Await;
import io.weir.testkit.LogCapture;
import io.weir.testkit.RawClient;
import io.weir.testkit.ScriptedUpstream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/**
 * Requests and responses leave at the end of a selector's turn, when everything has been seen to that its sockets had to tell.
 * Here much is told at once: a request holds the selector's thread up until it has come.
 */
class SelectorTurnTest {
    private static final String HOLD_UP = "GET /hold-up HTTP/1.1\r\nHost: a.test\r\n\r\n";
    private static final int CLIENTS = 40;

    private final CountDownLatch heldUp = new CountDownLatch(1);
    private final CountDownLatch goOn = new CountDownLatch(1);

    /** In any order, of both kinds: those whose leaving is told of before the answer, and after it. */
    @Test
    void aClientMayLeaveInTheTurnInWhichItsAnswerComes() {
        CountDownLatch answer = new CountDownLatch(1);
        CountDownLatch answered = new CountDownLatch(CLIENTS);
        List<RawClient> clients = new ArrayList<>();
        try (LogCapture log = LogCapture.of("io.weir.jetty.server");
                var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    answer.await();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                    answered.countDown();
                    connection.hang();
                });
                var proxy = heldUpProxy(upstream);
                var holding = proxy.client()) {
            for (int i = 0; i < CLIENTS; i++) {
                clients.add(proxy.client().send(GET));
            }
            upstream.awaitConnections(CLIENTS);
            Await.until("all are asked", () -> upstream.requests().size() == CLIENTS);

            holding.send(HOLD_UP);
            Await.on("the selector is held up", heldUp);
            answer.countDown();
            Await.on("all have answered", answered);
            for (int i = 0; i < CLIENTS; i += 2) {
                clients.get(i).close();
            }
            goOn.countDown();

            for (int i = 1; i < CLIENTS; i += 2) {
                assertThat(clients.get(i).readResponse().body()).isEqualTo("ok");
            }
            assertThat(holding.readResponse().status()).isEqualTo(204);
            proxy.awaitEnded(CLIENTS + 1);
            assertThat(log.lines("end of a selector's turn")).isEmpty();
        } finally {
            clients.forEach(RawClient::close);
        }
    }

    /** In any order again: the request may be told of before what the connection says that it would get, and after it. */
    @Test
    void whatAnUpstreamSaysUnaskedIsHeardBeforeItsConnectionIsUsedAgain() {
        CountDownLatch all = new CountDownLatch(CLIENTS);
        CountDownLatch speak = new CountDownLatch(1);
        CountDownLatch spoken = new CountDownLatch(CLIENTS);
        List<RawClient> clients = new ArrayList<>();
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    if (connection.number() <= CLIENTS) {
                        all.countDown();
                        all.await();
                        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst");
                        speak.await();
                        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nunasked");
                        spoken.countDown();
                    } else {
                        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond");
                    }
                    connection.hang();
                });
                var proxy = heldUpProxy(upstream);
                var holding = proxy.client()) {
            for (int i = 0; i < CLIENTS; i++) {
                clients.add(proxy.client().send(GET));
            }
            for (RawClient client : clients) {
                assertThat(client.readResponse().body()).isEqualTo("first");
            }

            holding.send(HOLD_UP);
            Await.on("the selector is held up", heldUp);
            speak.countDown();
            Await.on("the upstream has spoken", spoken);
            clients.forEach(client -> client.send(GET));
            goOn.countDown();

            for (RawClient client : clients) {
                assertThat(client.readResponse().body()).isEqualTo("second");
            }
            assertThat(holding.readResponse().status()).isEqualTo(204);
        } finally {
            clients.forEach(RawClient::close);
        }
    }

    private WiredProxy heldUpProxy(ScriptedUpstream upstream) {
        return WiredProxy.to(
                pool -> pool.upstream(upstream.uri()), config -> config.use(Middleware.gate(this::holdUp)));
    }

    private Verdict holdUp(RequestHead request) {
        if (!request.rawTarget().equals("/hold-up")) {
            return Verdict.proceed(request);
        }
        heldUp.countDown();
        Await.on("it may go on", goOn);
        return Verdict.answer(Reply.status(204));
    }
}
