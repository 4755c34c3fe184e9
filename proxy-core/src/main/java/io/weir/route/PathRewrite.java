package io.weir.route;

import io.weir.http.RequestPath;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What becomes of a request's target on its way to the upstream (the URI part of nginx's {@code proxy_pass}). */
public sealed interface PathRewrite {

    /** The raw target goes on, byte for byte. */
    record None() implements PathRewrite {
        @Override
        public String apply(RequestPath target, int prefixLength) {
            return target.raw();
        }

        @Override
        public String toString() {
            return "raw target";
        }
    }

    /** {@code replacement} takes the place of the route's prefix; plain concatenation, as in nginx. */
    record ReplacePrefix(String replacement) implements PathRewrite {
        /** Checks the replacement, and writes what is not ASCII as escapes. */
        public ReplacePrefix {
            replacement = absolute("replacePrefix", replacement);
        }

        @Override
        public String apply(RequestPath target, int prefixLength) {
            return withQuery(replacement + target.restEscaped(prefixLength), target);
        }

        @Override
        public String toString() {
            return "prefix replaced by " + replacement;
        }
    }

    /** {@code path} takes the place of the whole path. */
    record FixedPath(String path) implements PathRewrite {
        /** Checks the path, and writes what is not ASCII as escapes. */
        public FixedPath {
            path = absolute("fixedPath", path);
        }

        @Override
        public String apply(RequestPath target, int prefixLength) {
            return withQuery(path, target);
        }

        @Override
        public String toString() {
            return "path " + path;
        }
    }

    /**
     * Where {@code pattern} is found in the normalised path, {@code replacement} with its {@code $1} … {@code $9} takes
     * the place of the whole path (nginx {@code rewrite … break}). A {@code ?} in it starts arguments, to which the
     * request's own are added unless it ends in another one. Where the pattern is not found, the raw target goes on.
     */
    record Regex(Pattern pattern, String replacement) implements PathRewrite {
        /** Checks the replacement, and writes what is not ASCII as escapes. */
        public Regex {
            checkGroups(replacement, pattern.matcher("").groupCount());
            replacement =
                    replacement.startsWith("$") ? asciiOnly("rewrite", replacement) : absolute("rewrite", replacement);
        }

        @Override
        public String apply(RequestPath target, int prefixLength) {
            Matcher matcher = Patterns.find(pattern, target.normalised());
            if (matcher == null) {
                return target.raw();
            }
            boolean dropsOwn = replacement.endsWith("?");
            String template = dropsOwn ? replacement.substring(0, replacement.length() - 1) : replacement;
            int mark = template.indexOf('?');
            String path = expand(matcher, mark < 0 ? template : template.substring(0, mark), false);
            if (!path.startsWith("/")) {
                path = "/" + path;
            }
            if (mark >= 0) {
                path += "?" + expand(matcher, template.substring(mark + 1), true);
            }
            return dropsOwn ? path : withQuery(path, target);
        }

        private static void checkGroups(String replacement, int groups) {
            for (int i = replacement.indexOf('$'); i >= 0; i = replacement.indexOf('$', i + 1)) {
                int group = i + 1 < replacement.length() ? replacement.charAt(i + 1) - '0' : -1;
                if (group < 0 || group > 9 || group > groups) {
                    throw new IllegalArgumentException("rewrite \"" + replacement + "\": no such group at " + i
                            + " (the pattern has " + groups + ": $0 .. $" + groups + ")");
                }
            }
        }

        private static String expand(Matcher matcher, String template, boolean argument) {
            StringBuilder out = new StringBuilder(template.length() + 32);
            for (int i = 0; i < template.length(); i++) {
                char c = template.charAt(i);
                if (c != '$') {
                    out.append(c);
                    continue;
                }
                String group = matcher.group(template.charAt(++i) - '0');
                if (group != null) {
                    out.append(argument ? escapeArgument(group) : RequestPath.escape(group));
                }
            }
            return out.toString();
        }

        private static String escapeArgument(String text) {
            return RequestPath.escape(text)
                    .replace("&", "%26")
                    .replace("+", "%2B")
                    .replace(";", "%3B");
        }

        @Override
        public String toString() {
            return pattern + " rewritten to " + replacement;
        }
    }

    /**
     * The target in origin-form for the upstream.
     *
     * @param target the client's
     * @param prefixLength how much of the normalised path the route matched
     */
    String apply(RequestPath target, int prefixLength);

    /** The raw target, byte for byte. */
    static PathRewrite none() {
        return new None();
    }

    /** That replacement for the route's prefix; it must start with {@code /}. */
    static PathRewrite replacePrefix(String replacement) {
        return new ReplacePrefix(replacement);
    }

    /** That path for every request; it must start with {@code /}. */
    static PathRewrite fixedPath(String path) {
        return new FixedPath(path);
    }

    /**
     * A rewrite by regular expression.
     *
     * @throws IllegalArgumentException if the replacement starts neither with {@code /} nor with a group, or names a group
     *     that the pattern lacks
     */
    static PathRewrite regex(String pattern, String replacement) {
        return new Regex(Patterns.compile(pattern, 0), replacement);
    }

    private static String withQuery(String path, RequestPath target) {
        String query = target.query();
        if (query == null || query.isEmpty()) {
            return path;
        }
        return path + (path.indexOf('?') < 0 ? '?' : '&') + query;
    }

    private static String absolute(String what, String path) {
        if (!path.startsWith("/")) {
            throw new IllegalArgumentException(what + ": \"" + path + "\" (expected: a path that starts with \"/\")");
        }
        return asciiOnly(what, path);
    }

    private static String asciiOnly(String what, String path) {
        String bytes = Patterns.bytes(path);
        StringBuilder ascii = new StringBuilder(bytes.length());
        for (int i = 0; i < bytes.length(); i++) {
            char c = bytes.charAt(i);
            if (c <= ' ' || c == 0x7F || c == '#') {
                throw new IllegalArgumentException(what + ": \"" + path
                        + "\" holds a space, \"#\" or control character (write it as %20, %23 ..)");
            }
            ascii.append(c < 0x80 ? String.valueOf(c) : RequestPath.escape(String.valueOf(c)));
        }
        return ascii.toString();
    }
}
