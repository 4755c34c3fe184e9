package io.weir.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.List;
import java.util.Optional;

/**
 * One request as an upstream saw it.
 *
 * @param body the content without its chunk framing, Latin-1
 * @param connectionNumber which connection it came on, counted from 1
 * @param flaw why the message is broken; empty when it is whole
 */
public record RawRequest(
        String requestLine, List<Field> fields, String body, List<Field> trailers, int connectionNumber, String flaw) {

    public RawRequest {
        fields = List.copyOf(fields);
        trailers = List.copyOf(trailers);
    }

    public String method() {
        return requestLine.substring(0, Math.max(0, requestLine.indexOf(' ')));
    }

    /** All between the first and the last blank: the target byte for byte. */
    public String target() {
        int first = requestLine.indexOf(' ');
        int last = requestLine.lastIndexOf(' ');
        return first < last ? requestLine.substring(first + 1, last) : "";
    }

    /** The first value of that field, whatever the case of its name. */
    public Optional<String> field(String name) {
        return Field.first(fields, name);
    }

    /** All values of that field in order. */
    public List<String> fields(String name) {
        return Field.all(fields, name);
    }

    public byte[] bodyBytes() {
        return body.getBytes(ISO_8859_1);
    }

    /** Whether the proxy broke off before the message was complete. */
    public boolean isTruncated() {
        return !flaw.isEmpty();
    }
}
