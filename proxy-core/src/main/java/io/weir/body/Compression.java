package io.weir.body;

import io.weir.http.Headers;
import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which responses are compressed for clients that accept it (nginx {@code gzip}, {@code brotli}, {@code zstd}). By default
 * none. {@link #gzip()} needs nothing; {@link #brotli} and {@link #zstd} need Jetty's modules on the class path
 * ({@code org.eclipse.jetty.compression:jetty-compression-brotli}, {@code jetty-compression-zstandard}). Immutable.
 *
 * <p>Compressed is what the upstream left uncompressed, of one of the {@link #types}, not known to be shorter than
 * {@link #minBytes}. Never: an event stream, a part of a body (206), what says {@code Cache-Control: no-transform}, and
 * anything for an HTTP/1.0 client. Whatever could be compressed says {@code Vary: Accept-Encoding}, even where it is not;
 * what is compressed has a weak {@code ETag} and no {@code Content-Length}. What the upstream compressed passes.
 *
 * <p>Each of the upstream's writes reaches the client without waiting for the next. It costs time on the threads that serve
 * sockets, 32 KiB of body at a time, and memory for each response in progress: about 300 KiB for gzip, 1 to 2 MiB for the
 * others.
 */
public final class Compression {
    private static final Compression OFF = new Compression(List.of(), new MediaTypes(), 0);
    private static final long MIN_BYTES = 256;
    private static final MediaTypes TYPES = new MediaTypes(
            "text/html",
            "text/plain",
            "text/css",
            "text/csv",
            "text/javascript",
            "text/markdown",
            "text/xml",
            "application/javascript",
            "application/json",
            "application/ld+json",
            "application/manifest+json",
            "application/problem+json",
            "application/x-ndjson",
            "application/xml",
            "application/xhtml+xml",
            "application/rss+xml",
            "application/atom+xml",
            "application/wasm",
            "image/svg+xml");

    /** A content coding (RFC 9110 §8.4.1). */
    public enum Coding {
        /** RFC 1952. */
        GZIP("gzip"),
        /** RFC 7932. */
        BROTLI("br"),
        /** RFC 8878. */
        ZSTD("zstd");

        private final String token;

        Coding(String token) {
            this.token = token;
        }

        /** Its name in fields. */
        public String token() {
            return token;
        }
    }

    /**
     * A coding and how hard it tries.
     *
     * @param coding the coding
     * @param level its level: 1 to 9 for gzip, 0 to 11 for brotli, 1 to 22 for zstd
     */
    public record Choice(Coding coding, int level) {
        /** Checks the level. */
        public Choice {
            int least = coding == Coding.BROTLI ? 0 : 1;
            int most = coding == Coding.GZIP ? 9 : coding == Coding.BROTLI ? 11 : 22;
            if (level < least || level > most) {
                throw new IllegalArgumentException(
                        coding.token + " level: " + level + " (expected: " + least + ".." + most + ")");
            }
        }
    }

    private final List<Choice> choices;
    private final MediaTypes types;
    private final long minBytes;

    private Compression(List<Choice> choices, MediaTypes types, long minBytes) {
        this.choices = choices;
        this.types = types;
        this.minBytes = minBytes;
    }

    /** None: for a route or site below one that compresses. */
    public static Compression off() {
        return OFF;
    }

    /** With gzip, level 5 (nginx: 1). */
    public static Compression gzip() {
        return gzip(5);
    }

    /** With gzip of that level, 1 (fast) to 9 (small). */
    public static Compression gzip(int level) {
        return new Compression(List.of(new Choice(Coding.GZIP, level)), TYPES, MIN_BYTES);
    }

    /** Also with brotli, quality 4; among codings that a client wants equally the one named last here is taken. */
    public Compression brotli() {
        return brotli(4);
    }

    /** Also with brotli of that quality, 0 (fast) to 11 (small, and far too slow for this). */
    public Compression brotli(int quality) {
        return plus(new Choice(Coding.BROTLI, quality));
    }

    /** Also with zstd, level 3; among codings that a client wants equally the one named last here is taken. */
    public Compression zstd() {
        return zstd(3);
    }

    /** Also with zstd of that level, 1 (fast) to 22 (small, and far too slow for this). */
    public Compression zstd(int level) {
        return plus(new Choice(Coding.ZSTD, level));
    }

    /**
     * Only these media types, {@code type/*} allowed (nginx {@code gzip_types}); if not said, the usual kinds of text.
     *
     * @throws IllegalArgumentException if one is malformed, or {@code text/event-stream}
     */
    public Compression types(String... types) {
        MediaTypes parsed = new MediaTypes(types);
        if (parsed.contains(MediaTypes.EVENT_STREAM)) {
            throw new IllegalArgumentException(
                    "types: event streams are never compressed; leave text/event-stream out");
        }
        return new Compression(choices, parsed, minBytes);
    }

    /** Only bodies that are not known to be shorter (nginx {@code gzip_min_length}, 20); 256 if not said. */
    public Compression minBytes(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("minBytes: " + bytes + " (expected: >= 0)");
        }
        return new Compression(choices, types, bytes);
    }

    /** The codings, in the order in which they were named; empty if there is no compression. */
    public List<Choice> choices() {
        return choices;
    }

    /** Whether a response with that head, if it has a body, may be compressed, depending on the client alone. */
    public boolean isEligible(ResponseHead response) {
        Headers fields = response.headers();
        int status = response.status();
        if (choices.isEmpty() || status < 200 || status == 204 || status == 206 || status == 304) {
            return false;
        }
        String type = MediaTypes.of(fields);
        return types.contain(type)
                && !type.equals(MediaTypes.EVENT_STREAM)
                && !fields.contains("Content-Encoding")
                && !fields.contains("Content-Range")
                && !isShort(fields.get("Content-Length"))
                && !fields.containsToken("Cache-Control", "no-transform");
    }

    /** What an eligible response to that request is compressed with; null: with nothing. */
    public @Nullable Choice choiceFor(RequestHead request) {
        if (request.protocol().equals("HTTP/1.0") || !request.headers().contains("Accept-Encoding")) {
            return null;
        }
        AcceptEncoding accepted = AcceptEncoding.of(request.headers());
        Choice best = null;
        int most = Math.max(1, accepted.weightOfIdentity());
        for (Choice choice : choices) {
            int weight = accepted.weightOf(choice.coding.token);
            if (weight >= most) {
                most = weight;
                best = choice;
            }
        }
        return best;
    }

    private boolean isShort(@Nullable String length) {
        try {
            return length != null && Long.parseLong(length) < minBytes;
        } catch (NumberFormatException e) {
            return false; // the engine's parser has refused what is no number
        }
    }

    private Compression plus(Choice choice) {
        if (choices.isEmpty()) {
            throw new IllegalArgumentException("compression: off() has no codings; begin with gzip()");
        }
        List<Choice> all = new ArrayList<>(choices);
        all.removeIf(before -> before.coding == choice.coding);
        all.add(choice);
        return new Compression(List.copyOf(all), types, minBytes);
    }

    /** Codings and types. */
    @Override
    public String toString() {
        if (choices.isEmpty()) {
            return "off";
        }
        StringBuilder text = new StringBuilder();
        choices.forEach(choice ->
                text.append(choice.coding()).append(' ').append(choice.level()).append(", "));
        return text + String.valueOf(types) + " from " + minBytes + " bytes";
    }
}
