package io.weir;

import static java.util.stream.Collectors.joining;

import io.weir.testkit.Field;
import java.util.List;
import java.util.Locale;

/**
 * One request that is sent to nginx and to Weir alike.
 *
 * @param id says what is special about it; travels in {@code X-Case}, so that the upstream's record can be found again
 * @param requestLine byte for byte, Latin-1, without CRLF
 */
record ComparisonCase(String id, String requestLine, List<Field> fields, String body) {

    /** Leads to the default site. */
    static final String HOST = "default.test";

    ComparisonCase {
        fields = List.copyOf(fields);
    }

    static ComparisonCase get(String target) {
        return request("GET", target, "");
    }

    /** To the default site; the id is the request line without its version. */
    static ComparisonCase request(String method, String target, String body) {
        String id = method + " " + target.replace(TargetCases.LONG, "{long}") + (body.isEmpty() ? "" : " with a body");
        String requestLine = method + " " + target + " HTTP/1.1";
        return new ComparisonCase(ascii(id), requestLine, List.of(new Field("Host", HOST)), body);
    }

    static ComparisonCase with(String id, String requestLine, Field... fields) {
        return new ComparisonCase(ascii(id), requestLine, List.of(fields), "");
    }

    /** Bytes outside of ASCII as {@code \xNN}. */
    static String ascii(String bytes) {
        return bytes.chars()
                .mapToObj(c -> c >= ' ' && c < 0x7F ? String.valueOf((char) c) : String.format("\\x%02x", c))
                .collect(joining());
    }

    /** What goes over the wire. */
    String bytes() {
        return requestLine + "\r\n"
                + fields.stream().map(field -> field + "\r\n").collect(joining())
                + "X-Case: " + id + "\r\n"
                + (body.isEmpty() ? "" : "Content-Length: " + body.length() + "\r\n")
                + "\r\n"
                + body;
    }

    /** Against what a client resolves a relative {@code Location}: scheme and authority of what it asked for. */
    String origin() {
        String target = requestLine.split(" ", 3)[1];
        if (target.toLowerCase(Locale.ROOT).matches("https?://.*")) {
            return target.replaceFirst("^([^/]+//[^/?#]*).*$", "$1");
        }
        return "http://"
                + fields.stream()
                        .filter(field -> field.name().equalsIgnoreCase("Host"))
                        .map(Field::value)
                        .findFirst()
                        .orElse("");
    }

    @Override
    public String toString() {
        return id;
    }
}
