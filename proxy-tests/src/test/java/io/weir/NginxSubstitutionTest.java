package io.weir;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.body.TextReplacement;
import io.weir.jetty.JettyProxyServer;
import io.weir.route.Route;
import io.weir.testkit.Nginx;
import io.weir.testkit.RawClient;
import io.weir.testkit.ScriptedUpstream;
import io.weir.upstream.UpstreamPool;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Texts are replaced as the real nginx replaces them, with {@code sub_filter}, in the same body cut in the same pieces. No
 * text stands inside another here: at the end of a buffer nginx overlooks such a one.
 */
class NginxSubstitutionTest {
    private static final int BODIES = 25;

    @BeforeAll
    static void nginxIsThere() {
        Nginx.assumeInstalled();
    }

    @ParameterizedTest
    @CsvSource({
        "off, a",
        "off, ab",
        "off, aab",
        "off, aBa",
        "off, abcab",
        "on, ab",
        "off, ab ca",
        "off, aa ab ac",
        "on, ab bc ca",
    })
    void eachBodyComesOutTheSame(String once, String texts) {
        String[] each = texts.split(" ");
        StringBuilder directives = new StringBuilder("sub_filter_once " + once + ";\n");
        TextReplacement replacement = null;
        for (int i = 0; i < each.length; i++) {
            String with = "<" + i + ">";
            directives
                    .append("sub_filter '")
                    .append(each[i])
                    .append("' '")
                    .append(with)
                    .append("';\n");
            replacement = replacement == null ? TextReplacement.of(each[i], with) : replacement.and(each[i], with);
        }
        replacement = once.equals("on") ? replacement.once() : replacement;
        try (var upstream = ScriptedUpstream.of(connection -> {
                    while (true) {
                        String target = connection.readRequest().target();
                        Random random = new Random(Long.parseLong(target.substring(1)));
                        connection.send(
                                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n");
                        for (int pieces = random.nextInt(20); pieces >= 0; pieces--) {
                            String piece = piece(random);
                            connection.send(Integer.toHexString(piece.length()) + "\r\n" + piece + "\r\n");
                        }
                        connection.send("0\r\n\r\n");
                    }
                });
                var nginx = Nginx.start("server { listen 127.0.0.1:{port}; location / {\n" + directives
                        + "proxy_http_version 1.1; proxy_pass " + upstream.uri() + "; } }");
                var weir = JettyProxyServer.start(
                        ProxyConfig.builder()
                                .route(Route.any()
                                        .transformResponse(replacement)
                                        .to(UpstreamPool.of("app", upstream.uri())))
                                .build(),
                        0)) {
            for (int seed = 0; seed < BODIES; seed++) {
                assertThat(body(weir.port(), seed)).as("body %d", seed).isEqualTo(body(nginx.port(), seed));
            }
        }
    }

    private static String piece(Random random) {
        int length = 1 + random.nextInt(random.nextBoolean() ? 4 : 4000);
        StringBuilder piece = new StringBuilder();
        for (int i = 0; i < length; i++) {
            piece.append("abcABC".charAt(random.nextInt(6)));
        }
        return piece.toString();
    }

    private static String body(int port, int seed) {
        var response = RawClient.exchange(port, "GET /" + seed + " HTTP/1.1\r\nHost: a.test\r\n\r\n");
        assertThat(response.isTruncated()).isFalse();
        return new String(response.bodyBytes(), ISO_8859_1);
    }
}
