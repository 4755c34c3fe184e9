package io.weir.route;

import io.weir.http.Headers;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/**
 * How what an upstream says about itself is turned back into what the client knows: {@code Location} and {@code Refresh}
 * (nginx {@code proxy_redirect}), and cookies ({@code proxy_cookie_path}, {@code _domain}, {@code _flags}).
 *
 * <p>By default a redirect that names the upstream, or the {@code Host} that was sent to it, is mapped to the same place
 * under the route's prefix, as a relative reference. Cookies stay as they are unless a rule says otherwise. Immutable.
 */
public final class ResponseMapping {
    private static final ResponseMapping DEFAULTS = new ResponseMapping(true, List.of(), CookieMapping.NONE);

    private final boolean mapsUpstream;
    private final List<Rule> rules;
    private final CookieMapping cookies;

    /** A checked prefix of URLs and what takes its place. */
    private record Rule(String from, String to) {
        @Override
        public String toString() {
            return from + " -> " + to;
        }
    }

    /**
     * The way that a request went.
     *
     * @param upstreamUrl URL of the upstream, {@code http://127.0.0.1:3000}
     * @param hostSent the {@code Host} that it was sent
     * @param publicAuthority the authority that the client asked for, or null
     * @param prefix the route's prefix, escaped, for where {@code replacement} took its place
     * @param replacement what took the prefix's place, or null
     */
    record Way(
            String upstreamUrl,
            String hostSent,
            @Nullable String publicAuthority,
            String prefix,
            @Nullable String replacement) {}

    private ResponseMapping(boolean mapsUpstream, List<Rule> rules, CookieMapping cookies) {
        this.mapsUpstream = mapsUpstream;
        this.rules = rules;
        this.cookies = cookies;
    }

    /** Redirects that name the upstream are mapped, cookies are not. */
    public static ResponseMapping defaults() {
        return DEFAULTS;
    }

    /** Redirects are only mapped by rules that follow (nginx {@code proxy_redirect off}). */
    public ResponseMapping withoutDefault() {
        return new ResponseMapping(false, rules, cookies);
    }

    /** A redirect to a URL that starts with {@code from} leads to {@code to} and the rest instead; the first rule wins. */
    public ResponseMapping redirect(String from, String to) {
        if (from.isEmpty()) {
            throw new IllegalArgumentException("redirect: \"\" (expected: how a URL starts)");
        }
        Headers.of("Location", to);
        List<Rule> more = new ArrayList<>(rules);
        more.add(new Rule(from, to));
        return new ResponseMapping(mapsUpstream, List.copyOf(more), cookies);
    }

    /** A cookie path that starts with {@code from} starts with {@code to} instead. */
    public ResponseMapping cookiePath(String from, String to) {
        return new ResponseMapping(mapsUpstream, rules, cookies.withPath(from, to));
    }

    /** A cookie for domain {@code from} is for {@code to} instead; {@code to} "" leaves the domain out. */
    public ResponseMapping cookieDomain(String from, String to) {
        return new ResponseMapping(mapsUpstream, rules, cookies.withDomain(from, to));
    }

    /** Each cookie gets these flags: {@code Secure}, {@code HttpOnly}, {@code SameSite=Lax} …. */
    public ResponseMapping cookieFlags(String... flags) {
        return new ResponseMapping(mapsUpstream, rules, cookies.withFlags(flags));
    }

    /** The rules, in words; "" for the default. */
    @Override
    public String toString() {
        StringJoiner text = new StringJoiner(", ");
        if (!mapsUpstream) {
            text.add("redirects to the upstream as they are");
        }
        if (!rules.isEmpty()) {
            text.add("redirects " + rules);
        }
        if (cookies != CookieMapping.NONE) {
            text.add(cookies.toString());
        }
        return text.toString();
    }

    /** Maps the fields of an upstream's response. */
    Headers map(Headers headers, Way way) {
        Headers.Builder mapped = null;
        for (int i = 0; i < headers.size(); i++) {
            String value = headers.value(i);
            String changed = map(headers.name(i), value, way);
            if (!changed.equals(value)) {
                if (mapped == null) {
                    mapped = headers.toBuilder();
                }
                mapped.value(i, changed);
            }
        }
        return mapped == null ? headers : mapped.build();
    }

    private String map(String name, String value, Way way) {
        if (name.equalsIgnoreCase("Location")) {
            return location(value, way);
        }
        if (name.equalsIgnoreCase("Refresh")) {
            return refresh(value, way);
        }
        if (cookies != CookieMapping.NONE && name.equalsIgnoreCase("Set-Cookie")) {
            return cookies.map(value);
        }
        return value;
    }

    /** {@code 5; url=http://…}, the URL in quotes or not. */
    private String refresh(String value, Way way) {
        int url = value.toLowerCase(Locale.ROOT).indexOf("url=");
        if (url < 0) {
            return value;
        }
        int from = url + 4;
        if (from < value.length() && (value.charAt(from) == '"' || value.charAt(from) == '\'')) {
            from++;
        }
        return value.substring(0, from) + location(value.substring(from), way);
    }

    private String location(String location, Way way) {
        for (Rule rule : rules) {
            if (location.startsWith(rule.from)) {
                String mapped = rule.to + location.substring(rule.from.length());
                return rule.to.startsWith("//") ? mapped : relative(mapped);
            }
        }
        if (!mapsUpstream) {
            return location;
        }
        int path = afterAuthority(location, way.upstreamUrl);
        if (path < 0 && !way.hostSent.isEmpty() && !way.hostSent.equalsIgnoreCase(way.publicAuthority)) {
            String scheme = way.upstreamUrl.startsWith("https:") ? "https://" : "http://";
            path = afterAuthority(location, scheme + way.hostSent);
        }
        if (path < 0) {
            return location;
        }
        String rest = location.substring(path);
        if (!rest.startsWith("/")) {
            rest = "/" + rest;
        }
        if (way.replacement == null) {
            return relative(rest);
        }
        if (!rest.startsWith(way.replacement)) {
            return location; // a place on the upstream that this route does not lead to
        }
        return relative(way.prefix + rest.substring(way.replacement.length()));
    }

    /** Where the path starts in {@code location} if it begins with that scheme and authority; −1 if it does not. */
    private static int afterAuthority(String location, String url) {
        int end = url.length();
        if (!location.regionMatches(true, 0, url, 0, end)) {
            return -1;
        }
        if (end == location.length()) {
            return end;
        }
        char next = location.charAt(end);
        return next == '/' || next == '?' || next == '#' ? end : -1;
    }

    /**
     * {@code //x} would name a host, for browsers {@code /\x} and {@code /<tab>/x} too: a leading run of such is cut to one
     * slash.
     */
    private static String relative(String reference) {
        int run = 0;
        while (run < reference.length() && "/\\\t".indexOf(reference.charAt(run)) >= 0) run++;
        return run <= 1 ? reference : "/" + reference.substring(run);
    }
}
