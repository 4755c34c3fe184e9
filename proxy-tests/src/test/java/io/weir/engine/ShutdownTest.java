package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.ProxyConfig;
import io.weir.jetty.JettyProxyServer;
import io.weir.testkit.H2Client;
import io.weir.testkit.Leaks;
import io.weir.testkit.RawClient;
import io.weir.testkit.ScriptedUpstream;
import java.util.List;
import java.util.Set;
import org.eclipse.jetty.io.ArrayByteBufferPool;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** Nothing is left of a proxy that was closed, whatever it was doing. Alone, because threads are found by their names. */
@Isolated
class ShutdownTest {

    @Test
    void closingEndsAllThreadsAndGivesAllBuffersBack() {
        Set<Thread> before = Leaks.threadsNamed("weir");
        ArrayByteBufferPool.Tracking buffers = new ArrayByteBufferPool.Tracking();
        try (var upstream = ScriptedUpstream.of(
                connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                    connection.readRequest();
                    connection.hang();
                },
                connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 200000000\r\n\r\n");
                    connection.sendFiller(200_000_000);
                })) {
            JettyProxyServer server = JettyProxyServer.builder(ProxyConfig.forwardingTo(upstream.uri()))
                    .listen("127.0.0.1", 0)
                    .buffers(buffers)
                    .start();
            try (var idle = RawClient.connect(server.port());
                    var waiting = H2Client.connect(server.port());
                    var stopped = RawClient.connect(server.port())) {
                idle.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n").readResponse();
                waiting.openStream("POST", "/", List.of()).send("abc").sendLast("");
                upstream.awaitRequest();
                upstream.awaitRequest();
                stopped.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n").readHead();

                server.close();

                assertThat(idle.isClosedByPeer()).isTrue();
                upstream.awaitClosed(1);
                upstream.awaitClosed(2);
            }
        }

        Leaks.assertNoNewThreadsNamed("weir", before);
        Leaks.assertNone(buffers);
    }
}
