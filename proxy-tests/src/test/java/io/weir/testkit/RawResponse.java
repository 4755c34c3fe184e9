package io.weir.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.List;
import java.util.Optional;

/**
 * One response as it came off the wire.
 *
 * @param body the content without its chunk framing, Latin-1
 * @param flaw why the message is broken; empty when it is whole
 */
public record RawResponse(String statusLine, List<Field> fields, String body, List<Field> trailers, String flaw) {

    public RawResponse {
        fields = List.copyOf(fields);
        trailers = List.copyOf(trailers);
    }

    public int status() {
        return Integer.parseInt(statusLine.substring(9, 12));
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

    /** Whether the client can tell that something is missing: a length not reached, broken chunks, a reset. */
    public boolean isTruncated() {
        return !flaw.isEmpty();
    }
}
