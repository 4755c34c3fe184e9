package io.weir.middleware;

import io.weir.http.Reply;
import io.weir.http.RequestHead;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Lets in who has a user and a password (RFC 7617; nginx {@code auth_basic}). Others get 401 and are asked for them. The
 * user becomes {@code $remote_user}.
 *
 * <pre>{@code BasicAuth.realm("Ollama API").htpasswd(Path.of(".ollama_htpasswd"))}</pre>
 *
 * <p>Passwords are stored as Apache's {@code htpasswd} writes them: bcrypt ({@code -B}), apr1 ({@code -m}), SHA-1
 * ({@code -s}), crypt ({@code -d}), or as SHA-256 or SHA-512 crypt ({@code $5$}, {@code $6$}). A plain one is refused. Two
 * libraries do the hashing, and are needed only where such a password is stored: {@code spring-security-crypto} for bcrypt,
 * {@code commons-codec} for apr1 and the crypts.
 *
 * <p>Hashing never happens on a thread that serves sockets, and on a few others only at a time. Credentials that were right
 * are remembered for a minute, as keyed fingerprints. Users who don't exist take as long as a wrong password.
 * A password of more than 512 bytes is none.
 *
 * <p>{@code Authorization} does not go on to the upstream, unless {@link #passCredentials} says so.
 */
public final class BasicAuth implements Middleware {
    private static final int MAX_WAITING = 1_000;

    private final String realm;
    private final Source<PasswordTable> users;
    private final boolean passesCredentials;
    private final Work work;

    private BasicAuth(String realm, Source<PasswordTable> users, boolean passesCredentials, Work work) {
        this.realm = realm;
        this.users = users;
        this.passesCredentials = passesCredentials;
        this.work = work;
    }

    /**
     * Starts one with the realm that clients show when they ask for user and password; browsers remember by it.
     *
     * @throws IllegalArgumentException if it holds anything but printable ASCII
     */
    public static Draft realm(String realm) {
        return new Draft(Challenges.quoted(realm));
    }

    /** This, with {@code Authorization} going on to the upstream. */
    public BasicAuth passCredentials() {
        return new BasicAuth(realm, users, true, work);
    }

    @Override
    public Verdict onRequest(RequestHead request, RequestContext context) {
        BasicCredentials credentials = BasicCredentials.of(request);
        if (credentials == null) {
            return refusal();
        }
        return Challenges.ask(users, context, table -> check(credentials, table, request, context));
    }

    @Override
    public @Nullable Verdict peek(RequestHead request, RequestContext context) {
        return BasicCredentials.of(request) == null ? refusal() : null;
    }

    @Override
    public RequestHead withoutCredentials(RequestHead request) {
        return passesCredentials ? request : BasicCredentials.removeFrom(request);
    }

    @Override
    public void prepare(Function<Path, WatchedFile> files) {
        Challenges.requireSound(users, users.read(files), PasswordTable::problems);
    }

    @Override
    public String name() {
        return "BasicAuth";
    }

    @Override
    public String toString() {
        return "BasicAuth[realm=" + realm + ", " + users + "]";
    }

    private Verdict refusal() {
        return Verdict.answer(
                Reply.status(401).withHeader("WWW-Authenticate", "Basic realm=" + realm + ", charset=\"UTF-8\""));
    }

    private Verdict check(
            BasicCredentials credentials, PasswordTable table, RequestHead request, RequestContext context) {
        PasswordHash stored = table.get(credentials.user());
        PasswordHash computed = stored != null ? stored : table.decoy();
        if (computed == null) {
            return refusal();
        }
        ByteBuffer fingerprint = work.verified.fingerprint(credentials, computed);
        if (stored != null && work.verified.contains(fingerprint, context.now())) {
            return accept(credentials, request, context);
        }
        CompletionStage<Boolean> right = work.isRight(fingerprint, computed, credentials, context);
        if (right == null) {
            return Verdict.answer(Reply.status(503).withHeader("Retry-After", "1"));
        }
        return Verdict.later(right.thenApply(
                matches -> matches && stored != null ? accept(credentials, request, context) : refusal()));
    }

    private Verdict accept(BasicCredentials credentials, RequestHead request, RequestContext context) {
        context.attribute("remote_user", credentials.user());
        return Verdict.proceed(withoutCredentials(request));
    }

    /** A realm that lacks its users. */
    public static final class Draft {
        private final String realm;

        private Draft(String realm) {
            this.realm = realm;
        }

        /**
         * The users of that file; a change in it holds within a second. While it can't be read nobody is let in: requests
         * with credentials get 500, and the log says why. A line that can't be used, such as one with a plain password,
         * keeps the proxy from starting, and lets nobody in where it comes later.
         */
        public BasicAuth htpasswd(Path file) {
            Source<PasswordTable> users =
                    new Source.OfFile<>("htpasswd", file, PasswordTable::ofLines, PasswordTable::problems);
            return new BasicAuth(realm, users, false, new Work());
        }

        /**
         * These users: names, and stored passwords as in a file.
         *
         * @throws IllegalArgumentException if a password is in no known format, or the library for it is missing
         */
        public BasicAuth users(Map<String, String> users) {
            PasswordTable table = PasswordTable.of(users);
            return new BasicAuth(realm, new Source.Given<>(table, table.size() + " users"), false, new Work());
        }
    }

    /** The hashing. */
    private static final class Work {
        private final VerifiedPasswords verified = new VerifiedPasswords();
        private final Turns turns = new Turns(Math.max(1, Runtime.getRuntime().availableProcessors() / 2), MAX_WAITING);
        private final Map<ByteBuffer, CompletionStage<Boolean>> running = new ConcurrentHashMap<>();

        /** Whether the password is right; one answer for all who ask at the same time. Null if too many ask. */
        @Nullable
        CompletionStage<Boolean> isRight(
                ByteBuffer fingerprint, PasswordHash stored, BasicCredentials credentials, RequestContext context) {
            CompletionStage<Boolean> same = running.get(fingerprint);
            if (same != null) {
                return same;
            }
            CompletionStage<Boolean> started =
                    turns.take(() -> verify(fingerprint, stored, credentials, context), context.executor());
            if (started != null) {
                running.put(fingerprint, started);
                started.whenComplete((right, failure) -> running.remove(fingerprint));
            }
            return started;
        }

        private boolean verify(
                ByteBuffer fingerprint, PasswordHash stored, BasicCredentials credentials, RequestContext context) {
            boolean right = stored.matches(credentials.password());
            if (right) {
                verified.add(fingerprint, context.now());
            }
            return right;
        }
    }
}
