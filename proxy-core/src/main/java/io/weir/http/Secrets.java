package io.weir.http;

import java.util.Locale;

/** Fields whose values are credentials, and so stand in no log, no explanation and no description of a configuration. */
public final class Secrets {
    /** What the names of such fields hold, in lower case: too much is hidden rather than too little. */
    private static final String[] MARKS = {
        "authorization", "cookie", "token", "secret", "password", "api-key", "api_key", "apikey"
    };

    private Secrets() {}

    /** The value of that field as it may be shown. */
    public static String shown(String field, String value) {
        String lowerCase = field.toLowerCase(Locale.ROOT);
        for (String mark : MARKS) {
            if (lowerCase.contains(mark)) {
                return "(not shown)";
            }
        }
        return value;
    }
}
