package io.weir.route;

import io.weir.http.Headers;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Changes to the attributes of {@code Set-Cookie} (RFC 6265 §4.1); its name and value stay. Immutable. */
final class CookieMapping {
    static final CookieMapping NONE = new CookieMapping(List.of(), List.of(), List.of());

    private record Replacement(String from, String to) {
        @Override
        public String toString() {
            return from + " -> " + to;
        }
    }

    private final List<Replacement> paths;
    private final List<Replacement> domains;
    private final List<String> flags;

    private CookieMapping(List<Replacement> paths, List<Replacement> domains, List<String> flags) {
        this.paths = paths;
        this.domains = domains;
        this.flags = flags;
    }

    CookieMapping withPath(String from, String to) {
        return new CookieMapping(plus(paths, from, to), domains, flags);
    }

    CookieMapping withDomain(String from, String to) {
        return new CookieMapping(paths, plus(domains, from, to), flags);
    }

    CookieMapping withFlags(String... more) {
        List<String> all = new ArrayList<>(flags);
        for (String flag : more) {
            if (flag.isBlank()) {
                throw new IllegalArgumentException("cookie flag: \"\" (expected: Secure, SameSite=Lax ..)");
            }
            all.add(checked(flag));
        }
        return new CookieMapping(paths, domains, List.copyOf(all));
    }

    /** The cookie, each attribute that no rule concerns as it was written. */
    String map(String cookie) {
        String[] parts = cookie.split(";", -1); // a value in quotes can't hold one: RFC 6265 §4.1.1
        StringBuilder mapped = new StringBuilder(cookie.length() + 32).append(parts[0]);
        for (int i = 1; i < parts.length; i++) {
            String attribute = map(parts[i].strip(), parts[i]);
            if (attribute != null) {
                mapped.append(';').append(attribute);
            }
        }
        for (String flag : flags) {
            mapped.append("; ").append(flag);
        }
        return mapped.toString();
    }

    /** The rules, in words. */
    @Override
    public String toString() {
        return "cookie paths " + paths + " domains " + domains + " flags " + flags;
    }

    /** The attribute as it goes on, or null if it does not. */
    private @Nullable String map(String attribute, String asWritten) {
        int equals = attribute.indexOf('=');
        String name = (equals < 0 ? attribute : attribute.substring(0, equals)).strip();
        String value = equals < 0 ? "" : attribute.substring(equals + 1).strip();
        if (isReplacedByFlag(name)) {
            return null;
        }
        boolean isPath = name.equalsIgnoreCase("Path");
        if (!isPath && !name.equalsIgnoreCase("Domain")) {
            return asWritten;
        }
        String mapped = isPath ? path(value) : domain(value);
        if (mapped.equals(value)) {
            return asWritten;
        }
        return mapped.isEmpty() ? null : " " + name + "=" + mapped;
    }

    private String path(String value) {
        for (Replacement one : paths) {
            if (value.startsWith(one.from)) {
                return one.to + value.substring(one.from.length());
            }
        }
        return value;
    }

    private String domain(String value) {
        String bare = value.startsWith(".") ? value.substring(1) : value;
        for (Replacement one : domains) {
            if (bare.equalsIgnoreCase(one.from.startsWith(".") ? one.from.substring(1) : one.from)) {
                return one.to;
            }
        }
        return value;
    }

    private boolean isReplacedByFlag(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        for (String flag : flags) {
            int equals = flag.indexOf('=');
            String flagName = equals < 0 ? flag : flag.substring(0, equals);
            if (flagName.toLowerCase(Locale.ROOT).equals(lower)) {
                return true;
            }
        }
        return false;
    }

    private static List<Replacement> plus(List<Replacement> before, String from, String to) {
        if (from.isEmpty()) {
            throw new IllegalArgumentException("cookie: \"\" can't be mapped (expected: a path or domain)");
        }
        List<Replacement> all = new ArrayList<>(before);
        all.add(new Replacement(from, checked(to)));
        return List.copyOf(all);
    }

    private static String checked(String text) {
        Headers.of("Set-Cookie", text);
        if (text.indexOf(';') >= 0) {
            throw new IllegalArgumentException("cookie: \"" + text + "\" holds \";\" (one attribute at a time)");
        }
        return text;
    }
}
