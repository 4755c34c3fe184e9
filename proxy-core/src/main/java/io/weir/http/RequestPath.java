package io.weir.http;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The target of a request in its two forms: the bytes that were sent, and the path that decides.
 *
 * <p>The <em>normalised</em> path is what sites, routes and middleware see, by nginx's rules: percent-decoded once,
 * {@code .} and {@code ..} resolved, runs of slashes merged, the query cut off. So no spelling of {@code /admin} gets
 * around a rule for {@code /admin}. One char is one byte (Latin-1), as in {@link Headers}.
 *
 * <p>A target that has no such path (a broken escape, {@code %00}, above the root), or that holds a byte which could end
 * a request line (a space, a control character), has a {@link #problem()} and is answered 400.
 */
public final class RequestPath {
    private final String raw;
    private final String normalised;
    private final @Nullable String query;
    private final boolean hadEscapes;
    private final @Nullable String problem;

    private RequestPath(
            String raw, String normalised, @Nullable String query, boolean hadEscapes, @Nullable String problem) {
        this.raw = raw;
        this.normalised = normalised;
        this.query = query;
        this.hadEscapes = hadEscapes;
        this.problem = problem;
    }

    /**
     * Reads a target in origin-form ({@code /path?query}), as it stood in the request line. A fragment, which no client
     * should send, ends the path, as in nginx.
     */
    public static RequestPath of(String target) {
        if (endsLine(target)) {
            return refused(target, null, "space, control character or char above U+00FF in the target");
        }
        int end = target.length();
        int mark = target.indexOf('?');
        int fragment = target.indexOf('#');
        String query = null;
        if (mark >= 0 && (fragment < 0 || mark < fragment)) {
            query = target.substring(mark + 1, fragment < 0 ? end : fragment);
            end = mark;
        } else if (fragment >= 0) {
            end = fragment;
        }
        String path = end == target.length() ? target : target.substring(0, end);
        if (path.isEmpty() || path.charAt(0) != '/') {
            return refused(target, query, "target does not start with \"/\"");
        }
        if (isPlain(path)) {
            return new RequestPath(target, path, query, false, null);
        }
        return normalise(target, path, query);
    }

    /** The target as it was sent, in origin-form: path and query, untouched. */
    public String raw() {
        return raw;
    }

    /** The normalised path, not empty, starting with {@code /}. */
    public String normalised() {
        return normalised;
    }

    /** What stood after the first {@code ?}, untouched; null if there was none. */
    public @Nullable String query() {
        return query;
    }

    /** Why this target is refused with 400, or null if it is fine. */
    public @Nullable String problem() {
        return problem;
    }

    /**
     * What is left of the normalised path after {@code prefixLength} chars, escaped again the way nginx does it for a
     * {@code proxy_pass} with a URI: only if the sent path held an escape at all, and then only what could not stand
     * raw. So {@code %2F} has become {@code /}, while {@code %20}, {@code %25} and {@code %3F} stay.
     */
    public String restEscaped(int prefixLength) {
        String rest = normalised.substring(Math.min(prefixLength, normalised.length()));
        return hadEscapes ? escape(rest) : rest;
    }

    /** Percent-encodes what may not stand raw in a path: controls, space, {@code # % ? \ | " < > ^ ` { }} and non-ASCII. */
    public static String escape(String path) {
        for (int i = 0; i < path.length(); i++) {
            if (mustEscape(path.charAt(i))) {
                return escapeFrom(path, i);
            }
        }
        return path;
    }

    @Override
    public String toString() {
        return raw;
    }

    /** Whether it holds a char that could end the target or the request line, or that is no byte. */
    private static boolean endsLine(String target) {
        for (int i = 0; i < target.length(); i++) {
            char c = target.charAt(i);
            if (c <= ' ' || c == 0x7F || c > 0xFF) {
                return true;
            }
        }
        return false;
    }

    /** Whether the path is its own normal form: no escape, no {@code //}, no segment that starts with a dot. */
    private static boolean isPlain(String path) {
        char before = 'x';
        for (int i = 0; i < path.length(); i++) {
            char c = path.charAt(i);
            if (c == '%' || (before == '/' && (c == '/' || c == '.'))) {
                return false;
            }
            before = c;
        }
        return true;
    }

    private static RequestPath normalise(String target, String path, @Nullable String query) {
        boolean escaped = false;
        StringBuilder out = new StringBuilder(path.length());
        int segment = 0; // where the current segment starts in out, just after its slash
        for (int i = 0; i < path.length(); i++) {
            char c = path.charAt(i);
            if (c == '%') {
                int high = i + 2 < path.length() ? hex(path.charAt(i + 1)) : -1;
                int low = i + 2 < path.length() ? hex(path.charAt(i + 2)) : -1;
                if (high < 0 || low < 0) {
                    return refused(target, query, "broken percent escape in the path");
                }
                c = (char) (high << 4 | low);
                i += 2;
                escaped = true;
            }
            if (c == '\0') {
                return refused(target, query, "NUL in the path");
            }
            if (c != '/') {
                out.append(c);
                continue;
            }
            segment = closeSegment(out, segment);
            if (segment < 0) {
                return refused(target, query, "path climbs above the root");
            }
            if (out.length() == 0 || out.charAt(out.length() - 1) != '/') {
                out.append('/');
            }
            segment = out.length();
        }
        if (closeSegment(out, segment) < 0) {
            return refused(target, query, "path climbs above the root");
        }
        return new RequestPath(target, out.toString(), query, escaped, null);
    }

    /** Resolves the segment that just ended, if it is {@code .} or {@code ..}; −1 if that leads above the root. */
    private static int closeSegment(StringBuilder out, int segment) {
        int length = out.length() - segment;
        if (length == 1 && out.charAt(segment) == '.') {
            out.setLength(segment);
        } else if (length == 2 && out.charAt(segment) == '.' && out.charAt(segment + 1) == '.') {
            int parent = out.lastIndexOf("/", segment - 2);
            if (parent < 0) {
                return -1;
            }
            out.setLength(parent + 1);
            return parent + 1;
        }
        return segment;
    }

    private static RequestPath refused(String target, @Nullable String query, String problem) {
        return new RequestPath(target, "/", query, false, problem);
    }

    private static int hex(char c) {
        return c < 128 ? Character.digit(c, 16) : -1;
    }

    private static boolean mustEscape(char c) {
        if (c <= ' ' || c >= 0x7F) {
            return true;
        }
        return switch (c) {
            case '#', '%', '?', '\\', '|', '"', '<', '>', '^', '`', '{', '}' -> true;
            default -> false;
        };
    }

    private static String escapeFrom(String path, int first) {
        StringBuilder out = new StringBuilder(path.length() + 16).append(path, 0, first);
        byte[] bytes = path.substring(first).getBytes(StandardCharsets.ISO_8859_1);
        for (byte b : bytes) {
            char c = (char) (b & 0xFF);
            if (mustEscape(c)) {
                out.append('%').append("0123456789ABCDEF".charAt(c >> 4)).append("0123456789ABCDEF".charAt(c & 15));
            } else {
                out.append(c);
            }
        }
        return out.toString();
    }
}
