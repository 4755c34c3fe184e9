package io.weir.body;

import io.weir.http.Headers;
import io.weir.http.Tokens;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Which content codings somebody accepts (RFC 9110 §12.5.3). A weight that can't be read counts as 0: what may not be
 * accepted is not sent.
 */
final class AcceptEncoding {
    private static final String NAME = "Accept-Encoding";

    /** A coding or {@code *}, lower-cased, with its weight in thousandths, and as it was written. */
    private record Member(String coding, int weight, String written) {}

    private final List<Member> members = new ArrayList<>(4);

    private AcceptEncoding() {}

    static AcceptEncoding of(Headers headers) {
        AcceptEncoding accepted = new AcceptEncoding();
        for (String line : headers.all(NAME)) {
            for (String member : Tokens.split(line)) {
                int end = member.indexOf(';');
                String coding = Tokens.trim(member, 0, end < 0 ? member.length() : end);
                int weight = end < 0 ? 1000 : weight(Tokens.trim(member, end + 1, member.length()));
                accepted.members.add(new Member(coding.toLowerCase(Locale.ROOT), weight, member));
            }
        }
        return accepted;
    }

    /** How much that coding is wanted, in thousandths; 0: not at all. Without a word of it nothing but identity is. */
    int weightOf(String coding) {
        Integer any = null;
        for (Member member : members) {
            if (isSame(member.coding, coding)) {
                return member.weight;
            }
            if (member.coding.equals("*")) {
                any = member.weight;
            }
        }
        return any == null ? 0 : any;
    }

    /** The weight that the client gives to a body as it is, if it speaks of that at all; else 0. */
    int weightOfIdentity() {
        for (Member member : members) {
            if (member.coding.equals("identity")) {
                return member.weight;
            }
        }
        return 0;
    }

    /** These fields with no other codings accepted than those; as they are if that changes nothing. */
    static Headers restricted(Headers headers, Predicate<String> readable) {
        if (!headers.contains(NAME)) {
            return headers;
        }
        List<String> kept = new ArrayList<>();
        boolean less = false;
        for (Member member : of(headers).members) {
            boolean keep = member.coding.equals("identity")
                    || readable.test(isSame(member.coding, "gzip") ? "gzip" : member.coding); // "*" is any coding
            less |= !keep;
            if (keep) {
                kept.add(member.written);
            }
        }
        if (!less) {
            return headers;
        }
        return headers.with(NAME, kept.isEmpty() ? "identity" : String.join(", ", kept));
    }

    private static boolean isSame(String coding, String other) {
        return coding.equals(other) || coding.equals("x-gzip") && other.equals("gzip"); // RFC 9110 §8.4.1.3
    }

    /** {@code q=0.5} in thousandths. */
    private static int weight(String parameter) {
        String value = parameterValue(parameter);
        if (value == null || !value.matches("0(\\.[0-9]{0,3})?|1(\\.0{0,3})?")) {
            return 0;
        }
        return (int) Math.round(Double.parseDouble(value) * 1000);
    }

    private static @Nullable String parameterValue(String parameter) {
        return parameter.length() > 2 && parameter.substring(0, 2).equalsIgnoreCase("q=")
                ? parameter.substring(2)
                : null;
    }
}
