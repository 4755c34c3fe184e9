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
     * request's own are added; at its very end it drops them. Where the pattern is not found, the raw target goes on.
     */
    record Regex(Pattern pattern, String replacement) implements PathRewrite {
        @Override
        public String apply(RequestPath target, int prefixLength) {
            Matcher matcher = pattern.matcher(target.normalised());
            if (!matcher.find()) {
                return target.raw();
            }
            int mark = replacement.indexOf('?');
            String path = expand(matcher, mark < 0 ? replacement : replacement.substring(0, mark), false);
            if (mark < 0) {
                return withQuery(path, target);
            }
            String arguments = expand(matcher, replacement.substring(mark + 1), true);
            if (arguments.isEmpty()) {
                return path;
            }
            String own = target.query();
            return path + "?" + arguments + (own == null || own.isEmpty() ? "" : "&" + own);
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
        return new ReplacePrefix(path("replacePrefix", replacement));
    }

    /** That path for every request; it must start with {@code /}. */
    static PathRewrite fixedPath(String path) {
        return new FixedPath(path("fixedPath", path));
    }

    /**
     * A rewrite by regular expression.
     *
     * @throws IllegalArgumentException if the replacement does not start with {@code /}, or names a group that the
     *     pattern lacks
     */
    static PathRewrite regex(String pattern, String replacement) {
        Pattern compiled = Patterns.compile(pattern);
        int groups = compiled.matcher("").groupCount();
        for (int i = replacement.indexOf('$'); i >= 0; i = replacement.indexOf('$', i + 1)) {
            int group = i + 1 < replacement.length() ? replacement.charAt(i + 1) - '0' : -1;
            if (group < 0 || group > 9 || group > groups) {
                throw new IllegalArgumentException("rewrite \"" + replacement + "\": no such group at " + i
                        + " (the pattern has " + groups + ": $0 .. $" + groups + ")");
            }
        }
        return new Regex(compiled, path("rewrite", replacement));
    }

    private static String withQuery(String path, RequestPath target) {
        String query = target.query();
        return query == null || query.isEmpty() ? path : path + "?" + query;
    }

    private static String path(String what, String path) {
        if (!path.startsWith("/")) {
            throw new IllegalArgumentException(what + ": \"" + path + "\" (expected: a path that starts with \"/\")");
        }
        for (int i = 0; i < path.length(); i++) {
            if (path.charAt(i) <= ' ' || path.charAt(i) == 0x7F) {
                throw new IllegalArgumentException(
                        what + ": \"" + path + "\" holds a space or control character (write it as %20)");
            }
        }
        return Patterns.bytes(path);
    }
}
