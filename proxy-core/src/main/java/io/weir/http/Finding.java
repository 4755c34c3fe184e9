package io.weir.http;

/**
 * Something in a configuration that works, but hardly as it was meant, or not safely.
 *
 * @param rule name of the rule that found it; it stays the same, so that a program may let it pass
 * @param place where it stands
 * @param cause what is odd, and what follows
 * @param cure what to write instead
 */
public record Finding(String rule, String place, String cause, String cure) {
    /** All on one line: {@code slash-mismatch: route "prefix /app/": …; …}. */
    @Override
    public String toString() {
        return rule + ": " + place + ": " + cause + "; " + cure;
    }
}
