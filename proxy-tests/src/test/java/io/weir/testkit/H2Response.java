package io.weir.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * One HTTP/2 response.
 *
 * @param body what came in DATA frames, Latin-1
 * @param resetCode the error code, if RST_STREAM ended the stream; then the message is broken
 */
public record H2Response(int status, List<Field> fields, String body, List<Field> trailers, OptionalInt resetCode) {

    public H2Response {
        fields = List.copyOf(fields);
        trailers = List.copyOf(trailers);
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

    public boolean isTruncated() {
        return resetCode.isPresent();
    }
}
