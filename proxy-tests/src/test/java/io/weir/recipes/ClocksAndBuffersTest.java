package io.weir.recipes;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.examples.ClocksAndBuffers;
import io.weir.jetty.JettyProxyServer;
import io.weir.testkit.Await;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawResponse;
import io.weir.testkit.ScriptedUpstream;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** Each kind of path has the clocks and the buffers that the recipe gives it. */
class ClocksAndBuffersTest {
    private static final int BIG = 32 << 20; // more than sockets hold

    @Test
    void aReportMayTakeLongerThanAPage() {
        CountDownLatch pageGaveUp = new CountDownLatch(1);
        try (ScriptedUpstream app = ScriptedUpstream.of(connection -> {
                    if (connection.readRequest().target().startsWith("/reports/")) {
                        Await.on("the page's clock", pageGaveUp);
                        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nreport");
                    } else {
                        connection.hang();
                    }
                });
                JettyProxyServer proxy = start(app, Duration.ofMillis(200));
                RawClient report = RawClient.connect(proxy.port())) {
            report.send("GET /reports/1 HTTP/1.1\r\nHost: a\r\n\r\n");
            app.awaitRequest();

            RawResponse page = RawClient.exchange(proxy.port(), "GET /page HTTP/1.1\r\nHost: a\r\n\r\n");
            pageGaveUp.countDown();

            assertThat(page.status()).isEqualTo(504);
            assertThat(report.readResponse().body()).isEqualTo("report");
        }
    }

    @Test
    void theApplicationIsDoneWithAReportThatNobodyHasReadYet() {
        CountDownLatch done = new CountDownLatch(1);
        try (ScriptedUpstream app = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + BIG + "\r\n\r\n");
                    connection.sendFiller(BIG);
                    done.countDown();
                });
                JettyProxyServer proxy = start(app, Duration.ofSeconds(10));
                RawClient client = RawClient.connect(proxy.port())) {
            client.send("GET /reports/big HTTP/1.1\r\nHost: a\r\n\r\n");

            Await.on("the application has sent all", done);

            assertThat(client.readHead().status()).isEqualTo(200);
            assertThat(client.discard(BIG)).isEqualTo(BIG);
        }
    }

    @Test
    void eventsOfTheSameApplicationComeOneByOne() {
        CountDownLatch seen = new CountDownLatch(1);
        try (ScriptedUpstream app = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\none");
                    Await.on("the client has the first", seen);
                    connection.send("two");
                });
                JettyProxyServer proxy = start(app, Duration.ofSeconds(10));
                RawClient client = RawClient.connect(proxy.port())) {
            client.send("GET /events/ HTTP/1.1\r\nHost: a\r\n\r\n").readHead();

            assertThat(client.readBytes(3)).isEqualTo("one");
            seen.countDown();
            assertThat(client.readBytes(3)).isEqualTo("two");
        }
    }

    @Test
    void theApplicationHearsOfAnUploadWhenItIsThere() {
        try (ScriptedUpstream app = ScriptedUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                JettyProxyServer proxy = start(app, Duration.ofSeconds(10));
                RawClient client = RawClient.connect(proxy.port())) {
            client.send("POST /upload/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
            client.send("3\r\ndef\r\n0\r\n\r\n");

            assertThat(client.readResponse().status()).isEqualTo(200);
            assertThat(app.awaitRequest().field("Content-Length")).hasValue("6"); // known, since all of it was here
            assertThat(RawClient.exchange(
                                    proxy.port(),
                                    "POST /upload/ HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999\r\n\r\n")
                            .status())
                    .isEqualTo(413);
        }
    }

    private static JettyProxyServer start(ScriptedUpstream app, Duration patience) {
        return JettyProxyServer.builder(ClocksAndBuffers.config(app.uri(), patience))
                .listen("127.0.0.1", 0)
                .start();
    }
}
