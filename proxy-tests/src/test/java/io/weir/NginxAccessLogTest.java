package io.weir;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.Reply;
import io.weir.jetty.JettyProxyServer;
import io.weir.log.AccessLog;
import io.weir.route.Route;
import io.weir.route.Site;
import io.weir.testkit.Await;
import io.weir.testkit.Nginx;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawRequest;
import io.weir.testkit.RefusingPort;
import io.weir.testkit.ScriptedUpstream;
import io.weir.testkit.UpstreamConnection;
import io.weir.upstream.UpstreamPool;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same {@code log_format} and the same requests: Weir's access lines are the real nginx's, field by field. */
class NginxAccessLogTest {

    /**
     * What is compared; a field of the line each. Not {@code $proxy_host}: nginx names the pool there, Weir the upstream,
     * whose name it is that a {@code Host} field needs.
     */
    private static final List<String> VARIABLES = List.of(
            "remote_addr",
            "remote_user",
            "time_local",
            "time_iso8601",
            "msec",
            "request",
            "request_method",
            "request_uri",
            "uri",
            "args",
            "is_args",
            "query_string",
            "arg_x",
            "cookie_c",
            "scheme",
            "host",
            "http_host",
            "server_name",
            "server_protocol",
            "server_addr",
            "status",
            "body_bytes_sent",
            "request_length",
            "request_time",
            "request_id",
            "http_referer",
            "http_user_agent",
            "http_x_odd",
            "content_type",
            "content_length",
            "sent_http_content_type",
            "sent_http_x_up",
            "sent_http_x_none",
            "upstream_http_x_up",
            "upstream_http_server",
            "upstream_cookie_s",
            "upstream_cache_status",
            "upstream_addr",
            "upstream_status",
            "upstream_connect_time",
            "upstream_header_time",
            "upstream_response_time");

    private static final String FORMAT = "$" + String.join("\t$", VARIABLES);

    @TempDir
    static Path directory;

    private static ScriptedUpstream upstream;
    private static RefusingPort refusing;
    private static RefusingPort refusingToo;
    private static Nginx nginx;
    private static JettyProxyServer weir;

    @BeforeAll
    static void start() {
        Nginx.assumeInstalled();
        upstream = ScriptedUpstream.of(NginxAccessLogTest::serve);
        refusing = RefusingPort.open();
        refusingToo = RefusingPort.open();
        nginx = Nginx.start("""
                log_format compared '%s';
                underscores_in_headers on;
                proxy_http_version 1.1;
                proxy_set_header Connection '';
                proxy_set_header Host $http_host;
                upstream app { server %s; }
                upstream second { server %s max_fails=0; server %s backup; }
                upstream dead { server %s; server %s; }
                server {
                    listen 127.0.0.1:{port};
                    server_name a.test;
                    access_log %s compared;
                    location / { proxy_pass http://app; }
                    location /second/ { proxy_pass http://second; }
                    location /dead/ { proxy_pass http://dead; }
                    location = /own { return 204; }
                }
                """.formatted(
                        FORMAT,
                        address(upstream.uri()),
                        address(refusing.uri()),
                        address(upstream.uri()),
                        address(refusing.uri()),
                        address(refusingToo.uri()),
                        directory.resolve("nginx.log")));
        weir = JettyProxyServer.builder(ProxyConfig.builder()
                        .accessLog(AccessLog.format(FORMAT).toFile(directory.resolve("weir.log")))
                        .site(Site.named("a.test")
                                .route(Route.any().to(UpstreamPool.of("app", upstream.uri())))
                                .route(Route.prefix("/second/")
                                        .to(UpstreamPool.named("second")
                                                .upstream(refusing.uri(), u -> u.maxFails(0))
                                                .upstream(upstream.uri(), u -> u.backup())
                                                .build()))
                                .route(Route.prefix("/dead/")
                                        .to(UpstreamPool.of("dead", refusing.uri(), refusingToo.uri())))
                                .route(Route.exact("/own").answer(Reply.status(204))))
                        .build())
                .listen("127.0.0.1", 0)
                .start();
    }

    @AfterAll
    static void stop() {
        if (weir == null) {
            return;
        }
        weir.close();
        nginx.close();
        upstream.close();
        refusing.close();
        refusingToo.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET /length HTTP/1.1\r\nHost: a.test\r\n\r\n",
                "GET /length?x=1&y= HTTP/1.1\r\nHost: A.Test:81\r\nCookie: b=2; c=3\r\n\r\n",
                "GET /length? HTTP/1.1\r\nHost: a.test\r\n\r\n",
                "GET /length?x= HTTP/1.0\r\nHost: a.test\r\n\r\n",
                "HEAD /length HTTP/1.1\r\nHost: a.test\r\n\r\n",
                "GET /not-modified HTTP/1.1\r\nHost: a.test\r\nIf-None-Match: \"x\"\r\n\r\n",
                "GET /no-content HTTP/1.1\r\nHost: a.test\r\n\r\n",
                "GET /missing/%20%22%5C%0A%C3%A9/..;/a//b HTTP/1.1\r\nHost: a.test\r\n\r\n",
                "GET /length HTTP/1.1\r\nHost: a.test\r\nUser-Agent: a\"b\\c\td\u00e9\u00c3\u00a9\r\nReferer: \r\n\r\n",
                "GET /length HTTP/1.1\r\nHost: a.test\r\nX-Odd: x\u0009y\r\n\r\n",
                "POST /length HTTP/1.1\r\nHost: a.test\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello",
                "PUT /length HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n",
                "OPTIONS /length HTTP/1.1\r\nHost: a.test\r\n\r\n",
                "PURGE /length HTTP/1.1\r\nHost: a.test\r\n\r\n",
                "GET /second/length HTTP/1.1\r\nHost: a.test\r\n\r\n",
                "POST /second/length HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\nab",
                "GET /own?x=1 HTTP/1.1\r\nHost: a.test\r\nX-Odd: [1]\r\n\r\n",
            })
    void linesAreTheSame(String request) {
        assertSame(weirs(request), nginxs(request, Set.of()));
    }

    /** Weir counts bytes of the body, nginx those of the chunks it is cut into. */
    @Test
    void aChunkedBodyIsCountedWithoutItsChunks() {
        String request = "GET /chunked HTTP/1.1\r\nHost: a.test\r\n\r\n";

        Map<String, String> ours = weirs(request);
        Map<String, String> theirs = nginxs(request, Set.of());

        assertThat(ours.remove("body_bytes_sent")).isEqualTo("5");
        assertThat(theirs.remove("body_bytes_sent")).isEqualTo(String.valueOf("5\r\nhello\r\n0\r\n\r\n".length()));
        assertSame(ours, theirs);
    }

    /** The same with a request; and nginx, having read all of it, knows its length. */
    @Test
    void aChunkedRequestIsCountedWithoutItsChunks() {
        String request =
                "POST /length HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";

        Map<String, String> ours = weirs(request);
        Map<String, String> theirs = nginxs(request, Set.of());

        int framing = "3\r\n\r\n0\r\n\r\n".length();
        assertThat(Integer.valueOf(ours.remove("request_length")))
                .isEqualTo(Integer.parseInt(theirs.remove("request_length")) - framing);
        assertThat(ours.remove("content_length")).isEqualTo("-");
        assertThat(theirs.remove("content_length")).isEqualTo("3");
        assertSame(ours, theirs);
    }

    /** Each has an error page of its own. */
    @Test
    void aPoolWithoutAnyoneLeftIsNamedInPlaceOfAnUpstream() {
        Set<String> pages = Set.of("body_bytes_sent", "sent_http_content_type");
        for (int i = 0; i < 2; i++) {
            String request = "GET /dead/" + i + " HTTP/1.1\r\nHost: a.test\r\n\r\n";

            assertSame(without(weirs(request), pages), nginxs(request, pages));
        }
    }

    @Test
    void aClientThatLeavesIsA499() {
        String request = "GET /hang HTTP/1.1\r\nHost: a.test\r\n\r\n";

        assertSame(leaving(weir.port(), "weir.log", request), leaving(nginx.port(), "nginx.log", request));
    }

    /** By entries, so that a failure shows those that differ. */
    private static void assertSame(Map<String, String> ours, Map<String, String> theirs) {
        assertThat(ours.entrySet()).containsExactlyElementsOf(theirs.entrySet());
    }

    private static Map<String, String> weirs(String request) {
        return line(weir.port(), "weir.log", request);
    }

    private static Map<String, String> nginxs(String request, Set<String> left) {
        return without(line(nginx.port(), "nginx.log", request), left);
    }

    private static Map<String, String> without(Map<String, String> fields, Set<String> left) {
        fields.keySet().removeAll(left);
        return fields;
    }

    private static Map<String, String> line(int port, String log, String request) {
        int before = lines(log).size();
        RawClient.exchange(port, request);
        return next(log, before);
    }

    private static Map<String, String> leaving(int port, String log, String request) {
        int before = lines(log).size();
        try (RawClient client = RawClient.connect(port)) {
            int asked = upstream.requests().size();
            client.send(request);
            Await.until("the upstream is asked", () -> upstream.requests().size() > asked);
        }
        return next(log, before);
    }

    private static Map<String, String> next(String log, int before) {
        Await.until(() -> "a line in " + log, () -> lines(log).size() > before);
        String[] values = lines(log).get(before).split("\t", -1);
        assertThat(values).hasSameSizeAs(VARIABLES);
        Map<String, String> fields = new LinkedHashMap<>();
        for (int i = 0; i < values.length; i++) {
            fields.put(VARIABLES.get(i), shape(VARIABLES.get(i), values[i]));
        }
        return fields;
    }

    /** Of what can't be the same twice, its form. */
    private static String shape(String variable, String value) {
        return switch (variable) {
            case "time_local", "time_iso8601" -> value.replaceAll("[0-9]", "0").replaceAll("[A-Z][a-z]{2}", "Mon");
            case "msec", "request_time", "upstream_connect_time", "upstream_header_time", "upstream_response_time" ->
                value.replaceAll("[0-9]+\\.[0-9]{3}", "0.000");
            case "request_id" -> value.replaceAll("[0-9a-f]", "0");
            default -> value;
        };
    }

    /** Whole lines only: one may be on its way. */
    private static List<String> lines(String log) {
        Path file = directory.resolve(log);
        try {
            String text = Files.exists(file) ? Files.readString(file) : "";
            return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void serve(UpstreamConnection connection) throws Exception {
        while (true) {
            RawRequest request = connection.readRequest();
            String path = request.target().replaceFirst("^/second", "").replaceFirst("\\?.*", "");
            if (path.equals("/hang")) {
                connection.hang();
            }
            String fields = "Server: up\r\nX-Up: \"one\"\r\nSet-Cookie: s=\"1\"; Path=/\r\n";
            boolean head = request.method().equals("HEAD");
            connection.send(
                    switch (path) {
                        case "/length" ->
                            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n" + fields + "\r\n"
                                    + (head ? "" : "hello");
                        case "/chunked" ->
                            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n" + "Transfer-Encoding: chunked\r\n"
                                    + fields + "\r\n5\r\nhello\r\n0\r\n\r\n";
                        case "/not-modified" -> "HTTP/1.1 304 Not Modified\r\n" + fields + "\r\n";
                        case "/no-content" -> "HTTP/1.1 204 No Content\r\n" + fields + "\r\n";
                        default -> "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n" + fields + "\r\nnone";
                    });
        }
    }

    private static String address(String uri) {
        return uri.replaceFirst("^http://", "");
    }
}
