package io.weir.testkit;

import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.util.List;

/**
 * A well-behaved origin server that answers each request with what it received, byte for byte.
 *
 * <p>The body of its 200 is the request line, the fields in their order and case, the trailers, an empty line, and the
 * body's length (and the body, where it is small). It does the same for every path. A request field
 * {@code X-Echo-Status} chooses another status and reason, {@code X-Echo-Location} adds a {@code Location} in which
 * {@code {upstream}} stands for the server's own URI.
 */
public final class EchoUpstream implements AutoCloseable {

    private static final int SMALL_BODY = 1024;

    private final ScriptedUpstream upstream;

    private EchoUpstream() {
        upstream = ScriptedUpstream.of(this::echo);
    }

    public static EchoUpstream start() {
        return new EchoUpstream();
    }

    public int port() {
        return upstream.port();
    }

    /** {@code http://127.0.0.1:port}, without a path. */
    public String uri() {
        return upstream.uri();
    }

    /** All requests so far. */
    public List<RawRequest> requests() {
        return upstream.requests();
    }

    /** The requests that carry this field: how a test finds its own among those of others. */
    public List<RawRequest> requestsWith(String field, String value) {
        return requests().stream()
                .filter(request -> request.fields(field).contains(value))
                .toList();
    }

    @Override
    public void close() {
        upstream.close();
    }

    private void echo(UpstreamConnection connection) throws IOException {
        boolean keepAlive = true;
        while (keepAlive) {
            RawRequest request = connection.readRequest();
            keepAlive = !request.requestLine().endsWith(" HTTP/1.0")
                    && !request.fields("Connection").contains("close");
            connection.send(response(request, keepAlive));
        }
        connection.close();
    }

    private String response(RawRequest request, boolean keepAlive) {
        String status = request.field("X-Echo-Status").orElse("200 OK");
        String location = request.field("X-Echo-Location")
                .map(value -> "Location: " + value.replace("{upstream}", uri()) + "\r\n")
                .orElse("");
        String dump = dump(request);
        return "HTTP/1.1 " + status + "\r\n"
                + location
                + "Content-Type: text/plain\r\n"
                + "Content-Length: " + dump.length() + "\r\n"
                + (keepAlive ? "" : "Connection: close\r\n")
                + "\r\n"
                + (request.method().equals("HEAD") ? "" : dump);
    }

    private static String dump(RawRequest request) {
        return request.requestLine() + "\n"
                + request.fields().stream().map(field -> field + "\n").collect(joining())
                + request.trailers().stream()
                        .map(field -> "trailer " + field + "\n")
                        .collect(joining())
                + "\n"
                + request.body().length() + " bytes\n"
                + (request.body().length() <= SMALL_BODY ? request.body() : "");
    }
}
