package io.weir.middleware;

import io.weir.http.Reply;
import io.weir.http.RequestHead;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Lets in who has a key, sent as {@code X-API-Key: key} or {@code Authorization: Bearer key} (RFC 6750). Others get 401.
 * The key's name becomes {@code $remote_user}.
 *
 * <p>Only SHA-256 hashes of keys are stored. That is safe for long random keys, and for nothing that a person thought up:
 *
 * <pre>{@code
 * key=$(openssl rand -hex 24); echo "reports:$(printf %s "$key" | sha256sum | cut -d' ' -f1)" >> keys
 * }</pre>
 *
 * <p>The key does not go on to the upstream, unless {@link #passCredentials} says so. Where both fields are there,
 * {@code X-API-Key} is the key, and {@code Authorization} is the upstream's business.
 */
public final class ApiKey implements Middleware {
    private static final String FIELD = "X-API-Key";

    private final Source<KeyTable> keys;
    private final String realm;
    private final boolean passesCredentials;

    private ApiKey(Source<KeyTable> keys, String realm, boolean passesCredentials) {
        this.keys = keys;
        this.realm = realm;
        this.passesCredentials = passesCredentials;
    }

    /**
     * The keys of that file, lines {@code name:sha256}; a change in it holds within a second. While it can't be read nobody
     * is let in: requests with a key get 500, and the log says why. A line that can't be used keeps the proxy from
     * starting, and lets nobody in where it comes later.
     */
    public static ApiKey file(Path file) {
        return new ApiKey(new Source.OfFile<>("file", file, KeyTable::ofLines, KeyTable::problems), "\"api\"", false);
    }

    /**
     * These keys: the {@link #hash} of each by its name.
     *
     * @throws IllegalArgumentException if one is no SHA-256 in hex
     */
    public static ApiKey hashes(Map<String, String> hashes) {
        KeyTable table = KeyTable.of(hashes);
        return new ApiKey(new Source.Given<>(table, table.size() + " keys"), "\"api\"", false);
    }

    /** What is stored of a key: its SHA-256 in hex. */
    public static String hash(String key) {
        return HexFormat.of().formatHex(KeyTable.sha256(key.getBytes(StandardCharsets.UTF_8)));
    }

    /**
     * This with the realm that its challenge names; {@code api} if not said.
     *
     * @throws IllegalArgumentException if it holds anything but printable ASCII
     */
    public ApiKey realm(String realm) {
        return new ApiKey(keys, Challenges.quoted(realm), passesCredentials);
    }

    /** This, with the key going on to the upstream. */
    public ApiKey passCredentials() {
        return new ApiKey(keys, realm, true);
    }

    @Override
    public Verdict onRequest(RequestHead request, RequestContext context) {
        String key = keyOf(request);
        return key == null
                ? refusal(request)
                : Challenges.ask(keys, context, table -> check(key, table, request, context));
    }

    @Override
    public @Nullable Verdict peek(RequestHead request, RequestContext context) {
        String key = keyOf(request);
        if (key == null) {
            return refusal(request);
        }
        KeyTable known = keys.known(context);
        return known == null ? null : check(key, known, request, context);
    }

    @Override
    public RequestHead withoutCredentials(RequestHead request) {
        if (passesCredentials) {
            return request;
        }
        if (request.headers().contains(FIELD)) {
            return request.withoutHeader(FIELD);
        }
        boolean bearer = request.headers().all("Authorization").stream().anyMatch(ApiKey::isBearer);
        return bearer ? request.withoutHeader("Authorization") : request;
    }

    @Override
    public void prepare(Function<Path, WatchedFile> files) {
        Challenges.requireSound(keys, keys.read(files), KeyTable::problems);
    }

    @Override
    public String name() {
        return "ApiKey";
    }

    @Override
    public String toString() {
        return "ApiKey[" + keys + "]";
    }

    private Verdict check(String key, KeyTable table, RequestHead request, RequestContext context) {
        String name = table.nameOf(key);
        if (name == null) {
            return refusal(request);
        }
        context.attribute("remote_user", name);
        return Verdict.proceed(withoutCredentials(request));
    }

    /** The key that the request brings; null if it brings none, or more than one. */
    private static @Nullable String keyOf(RequestHead request) {
        List<String> given = request.headers().all(FIELD);
        if (!given.isEmpty()) {
            return given.size() == 1 && !given.get(0).isEmpty() ? given.get(0) : null;
        }
        List<String> lines = request.headers().all("Authorization");
        if (lines.size() != 1 || !isBearer(lines.get(0))) {
            return null;
        }
        String key = lines.get(0).substring(7).strip();
        return key.isEmpty() ? null : key;
    }

    private static boolean isBearer(String value) {
        return value.regionMatches(true, 0, "Bearer ", 0, 7);
    }

    /** RFC 6750 §3.1: no error where no token was sent. */
    private Verdict refusal(RequestHead request) {
        String error = keyOf(request) == null ? "" : ", error=\"invalid_token\"";
        return Verdict.answer(Reply.status(401).withHeader("WWW-Authenticate", "Bearer realm=" + realm + error));
    }
}
