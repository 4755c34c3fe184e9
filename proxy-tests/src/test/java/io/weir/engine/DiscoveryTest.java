package io.weir.engine;

import static io.weir.engine.WiredProxy.GET;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.weir.ProxyConfig;
import io.weir.route.Route;
import io.weir.testkit.Identity;
import io.weir.testkit.RawClient;
import io.weir.testkit.ScriptedUpstream;
import io.weir.upstream.Upstream;
import io.weir.upstream.UpstreamDiscovery;
import io.weir.upstream.UpstreamPool;
import io.weir.upstream.UpstreamTls;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A pool whose upstreams come and go while the proxy runs. */
class DiscoveryTest {

    @Test
    void whatIsFoundServesAndWhatIsGoneIsLeftAlone() {
        Registry registry = new Registry();
        try (var first = answering("first");
                var second = answering("second");
                var proxy = WiredProxy.to(pool -> pool.upstream(first.uri()).discovery(registry))) {
            assertThat(proxy.exchange(GET).body()).isEqualTo("first");

            registry.finds(second.uri());

            first.awaitClosed(1);
            assertThat(proxy.exchange(GET).body()).isEqualTo("second");
            assertThat(proxy.exchange(GET).body()).isEqualTo("second");
        }
        assertThat(registry.log).containsExactly("started", "ended");
    }

    @Test
    void whatStaysKeepsItsConnections() {
        Registry registry = new Registry();
        try (var first = answering("first");
                var second = answering("second");
                var proxy = WiredProxy.to(pool -> pool.upstream(first.uri()).discovery(registry))) {
            proxy.exchange(GET);

            registry.finds(first.uri(), second.uri());

            assertThat(bodies(proxy, 4)).containsExactlyInAnyOrder("first", "first", "second", "second");
            assertThat(first.connectionCount()).isEqualTo(1);
        }
    }

    @Test
    void anExchangeAtOneThatIsGoneEndsAsItBegan() {
        Registry registry = new Registry();
        CountDownLatch gone = new CountDownLatch(1);
        try (var first = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    gone.await();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst");
                });
                var second = answering("second");
                var proxy = WiredProxy.to(pool -> pool.upstream(first.uri()).discovery(registry));
                RawClient client = proxy.client().send(GET)) {
            first.awaitRequest();

            registry.finds(second.uri());
            gone.countDown();

            assertThat(client.readResponse().body()).isEqualTo("first");
            first.awaitClosed(1);
        }
    }

    @Test
    void whatMakesNoSenseIsRefusedAndChangesNothing() {
        Registry registry = new Registry();
        try (var first = answering("first");
                var proxy = WiredProxy.to(pool -> pool.upstream(first.uri()).discovery(registry))) {

            assertThatIllegalArgumentException()
                    .isThrownBy(() -> registry.finds())
                    .withMessageContaining("pool \"app\" has no upstream");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> registry.finds("http://a.test/v2/"))
                    .withMessageContaining("with the path /v2/");
            assertThat(proxy.exchange(GET).body()).isEqualTo("first");
        }
    }

    @Test
    void aReloadKeepsWhatTheSameDiscoveryFoundAndEndsAnother() {
        Registry registry = new Registry();
        try (var first = answering("first");
                var second = answering("second");
                var proxy = WiredProxy.to(pool -> pool.upstream(first.uri()).discovery(registry))) {
            registry.finds(second.uri());

            proxy.reload(to(UpstreamPool.named("app").upstream(first.uri()).discovery(registry)));
            assertThat(proxy.exchange(GET).body()).isEqualTo("second");
            assertThat(registry.log).containsExactly("started");

            proxy.reload(to(UpstreamPool.named("app").upstream(first.uri())));
            assertThat(proxy.exchange(GET).body()).isEqualTo("first");
            assertThat(registry.log).containsExactly("started", "ended");

            registry.finds(second.uri());
            assertThat(proxy.exchange(GET).body()).isEqualTo("first");
        }
    }

    @Test
    void whatIsFoundMaySpeakTls() {
        Registry registry = new Registry();
        Identity identity = Identity.of("ip:127.0.0.1");
        UpstreamTls tls = UpstreamTls.defaults().withTrust(identity.certificate());
        try (var first = answering("first");
                var secured = ScriptedUpstream.secured(identity, connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nsecured");
                });
                var proxy = WiredProxy.to(
                        pool -> pool.tls(tls).upstream(first.uri()).discovery(registry))) {

            registry.finds(secured.uri());

            assertThat(proxy.exchange(GET).body()).isEqualTo("secured");
        }
    }

    private static ProxyConfig to(UpstreamPool.Builder pool) {
        return ProxyConfig.builder().route(Route.any().to(pool.build())).build();
    }

    private static List<String> bodies(WiredProxy proxy, int count) {
        List<String> bodies = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            bodies.add(proxy.exchange(GET).body());
        }
        return bodies;
    }

    private static ScriptedUpstream answering(String body) {
        return ScriptedUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
    }

    /** Finds what the test says. */
    private static final class Registry implements UpstreamDiscovery {
        private final List<String> log = new CopyOnWriteArrayList<>();
        private volatile Consumer<List<Upstream>> found = upstreams -> {};

        @Override
        public AutoCloseable start(Consumer<List<Upstream>> found) {
            log.add("started");
            this.found = found;
            return () -> log.add("ended");
        }

        void finds(String... urls) {
            found.accept(Stream.of(urls).map(url -> Upstream.at(url).build()).toList());
        }
    }
}
