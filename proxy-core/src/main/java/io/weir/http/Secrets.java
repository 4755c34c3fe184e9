package io.weir.http;

import java.util.Locale;
import java.util.Set;

/** Fields whose values are credentials, and so stand in no explanation and no description of a configuration. */
public final class Secrets {
    private static final Set<String> FIELDS = Set.of(
            "authorization",
            "proxy-authorization",
            "cookie",
            "set-cookie",
            "api-key",
            "x-api-key",
            "x-auth-token",
            "x-access-token");

    private Secrets() {}

    /** The value of that field as it may be shown. */
    public static String shown(String field, String value) {
        return FIELDS.contains(field.toLowerCase(Locale.ROOT)) ? "(not shown)" : value;
    }
}
