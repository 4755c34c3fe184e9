package io.weir.upstream;

import io.weir.http.Tokens;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the requests of one session at one upstream. By default the session is carried by a cookie or field that Weir
 * issues: it names the upstream by a keyed hash (HMAC-SHA256), which nobody can guess or read an address from. Or it is one
 * that the application issues, and Weir learns which upstream issued it. Immutable.
 *
 * <p>Who has a session goes to its upstream as long as that is neither down nor out, below its limit and not tried before;
 * one that drains goes on to serve the sessions it has. Else the request is given to another one, and the session moves; or,
 * with {@link #orUnavailable}, it is answered with 503. Sessions of an upstream that the pool has no more are none: they
 * begin again at another one, whatever was chosen.
 *
 * <pre>{@code
 * UpstreamPool.named("shop").upstream("http://10.0.0.1").upstream("http://10.0.0.2")
 *     .stickiness(Stickiness.cookie("shop_upstream").secure())
 *     .build();
 * }</pre>
 */
public final class Stickiness {
    private static final int CAPACITY = 100_000;
    private static final Duration IDLE = Duration.ofMinutes(30);
    private static final Stickiness OFF = new Stickiness("", Carrier.NONE, false);

    /** Where a session is written down. */
    enum Carrier {
        NONE,
        COOKIE,
        FIELD
    }

    private final String name;
    private final Carrier carrier;
    private final boolean learned;
    private boolean strict;
    private boolean secure;
    private @Nullable Duration maxAge;
    private byte @Nullable [] key;
    private int capacity = CAPACITY;
    private Duration idle = IDLE;

    private Stickiness(String name, Carrier carrier, boolean learned) {
        this.name = name;
        this.carrier = carrier;
        this.learned = learned;
    }

    private Stickiness(Stickiness other) {
        this(other.name, other.carrier, other.learned);
        strict = other.strict;
        secure = other.secure;
        maxAge = other.maxAge;
        key = other.key;
        capacity = other.capacity;
        idle = other.idle;
    }

    /** Every request goes where the strategy says. */
    public static Stickiness off() {
        return OFF;
    }

    /** By a cookie that Weir issues: {@code Path=/}, {@code HttpOnly}, {@code SameSite=Lax}. */
    public static Stickiness cookie(String name) {
        return new Stickiness(token(name), Carrier.COOKIE, false);
    }

    /** By a response field that Weir adds, and that the client sends back with its next requests. */
    public static Stickiness header(String name) {
        return new Stickiness(token(name), Carrier.FIELD, false);
    }

    /** By a cookie of the application's, such as {@code JSESSIONID} (nginx {@code sticky learn}). */
    public static Stickiness learnedFromCookie(String name) {
        return new Stickiness(token(name), Carrier.COOKIE, true);
    }

    /** By a field that the application answers with and the client sends back, such as {@code Mcp-Session-Id}. */
    public static Stickiness learnedFromHeader(String name) {
        return new Stickiness(token(name), Carrier.FIELD, true);
    }

    /** A session whose upstream can't serve it gets 503, rather than another upstream. */
    public Stickiness orUnavailable() {
        Stickiness changed = new Stickiness(this);
        changed.strict = true;
        return changed;
    }

    /** The cookie goes over TLS only. */
    public Stickiness secure() {
        expect(isIssuedCookie(), "secure: only a cookie that Weir issues can be told");
        Stickiness changed = new Stickiness(this);
        changed.secure = true;
        return changed;
    }

    /** How long a browser keeps the cookie, from when it was issued; until it closes if not said. */
    public Stickiness maxAge(Duration maxAge) {
        expect(isIssuedCookie(), "maxAge: only a cookie that Weir issues has one");
        expect(maxAge.toSeconds() > 0, "maxAge: " + maxAge + " (expected: >= PT1S)");
        Stickiness changed = new Stickiness(this);
        changed.maxAge = maxAge;
        return changed;
    }

    /**
     * The key of the hash. Proxies that share their clients need the same; without it each process makes its own, and
     * sessions are dealt out again when it starts.
     */
    public Stickiness key(byte[] key) {
        expect(carrier != Carrier.NONE && !learned, "key: only what Weir issues needs one");
        expect(key.length >= 16, "key: " + key.length + " bytes (expected: >= 16)");
        Stickiness changed = new Stickiness(this);
        changed.key = key.clone();
        return changed;
    }

    /** How many learned sessions are remembered, 100,000 by default; the one that was not used for longest goes first. */
    public Stickiness capacity(int sessions) {
        expect(learned, "capacity: only learned sessions are remembered");
        expect(sessions >= 1, "capacity: " + sessions + " (expected: >= 1)");
        Stickiness changed = new Stickiness(this);
        changed.capacity = sessions;
        return changed;
    }

    /** How long a learned session is remembered without being used, 30 minutes by default. */
    public Stickiness idle(Duration idle) {
        expect(learned, "idle: only learned sessions are remembered");
        expect(!idle.isNegative() && !idle.isZero() && idle.toDays() < 36_500, "idle: " + idle + " (expected: > 0)");
        Stickiness changed = new Stickiness(this);
        changed.idle = idle;
        return changed;
    }

    /** Name of the cookie or field; "" if this is off. */
    public String name() {
        return name;
    }

    /** Whether there are no sessions. */
    public boolean isOff() {
        return carrier == Carrier.NONE;
    }

    /** Whether Weir sends a cookie of that {@link #name}. */
    public boolean isIssuedCookie() {
        return carrier == Carrier.COOKIE && !learned;
    }

    boolean isCookie() {
        return carrier == Carrier.COOKIE;
    }

    boolean isLearned() {
        return learned;
    }

    boolean isStrict() {
        return strict;
    }

    byte[] key() {
        return key == null ? ProcessKey.BYTES : key;
    }

    int capacity() {
        return capacity;
    }

    Duration idle() {
        return idle;
    }

    /** The value of a {@code Set-Cookie} field. */
    String setCookie(String value) {
        return name + "=" + value + "; Path=/" + (maxAge == null ? "" : "; Max-Age=" + maxAge.toSeconds())
                + (secure ? "; Secure" : "") + "; HttpOnly; SameSite=Lax";
    }

    /** Equal if they treat sessions alike. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Stickiness that
                && name.equals(that.name)
                && carrier == that.carrier
                && learned == that.learned
                && strict == that.strict
                && secure == that.secure
                && Objects.equals(maxAge, that.maxAge)
                && Arrays.equals(key, that.key)
                && capacity == that.capacity
                && idle.equals(that.idle);
    }

    @Override
    public int hashCode() {
        return Objects.hash(name, carrier, learned);
    }

    /** What carries the session, and what is set beside; not the key. */
    @Override
    public String toString() {
        if (isOff()) {
            return "off";
        }
        return (learned ? "learned from " : "by ")
                + (isCookie() ? "cookie " : "field ")
                + name
                + (strict ? ", or unavailable" : "")
                + (secure ? ", secure" : "")
                + (maxAge == null ? "" : ", maxAge " + maxAge)
                + (key == null ? "" : ", key (not shown)")
                + (capacity == CAPACITY ? "" : ", capacity " + capacity)
                + (idle.equals(IDLE) ? "" : ", idle " + idle);
    }

    private static String token(String name) {
        expect(Tokens.isToken(name), "stickiness: \"" + name + "\" (expected: the name of a cookie or field)");
        return name;
    }

    private static void expect(boolean condition, String otherwise) {
        if (!condition) {
            throw new IllegalArgumentException(otherwise);
        }
    }

    /** Made when first needed, the same for all reloads. */
    private static final class ProcessKey {
        private static final byte[] BYTES = new byte[32];

        static {
            new SecureRandom().nextBytes(BYTES);
        }
    }
}
