package io.weir.middleware;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.weir.http.RequestHead;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BasicAuthTest {
    private static final String BCRYPT = "$2y$04$YIRNPXVioTyiPPNT0f6yZuDJJGsOXXglvrt6mpTGCvKQowMkuNMES"; // s3cr:t
    private static final String SHA = "{SHA}CGOxNeaKhwmX8loN6ephhnotZdc="; // s3cr:t
    private static final Path FILE = Path.of("users.htpasswd");

    private final BasicAuth auth = BasicAuth.realm("a \"quoted\" realm").users(Map.of("alice", BCRYPT, "bob", SHA));
    private final GivenFile file = new GivenFile();

    @Test
    void whoHasUserAndPasswordIsLetInUnderTheName() {
        RequestHead request = with("alice", "s3cr:t");
        GivenContext context = context(request);

        Verdict verdict = Verdicts.of(auth, request, context);

        assertThat(verdict)
                .isInstanceOfSatisfying(
                        Verdict.Proceed.class,
                        proceed -> assertThat(proceed.request().headers().contains("Authorization"))
                                .isFalse());
        assertThat(context.attribute("remote_user")).isEqualTo("alice");
    }

    @Test
    void credentialsGoOnOnlyWhereThatIsAskedFor() {
        RequestHead request = with("bob", "s3cr:t");

        Verdict verdict = Verdicts.of(auth.passCredentials(), request, context(request));

        assertThat(verdict).isEqualTo(Verdict.proceed(request));
        assertThat(auth.passCredentials().withoutCredentials(request)).isSameAs(request);
        assertThat(auth.withoutCredentials(request).headers().contains("Authorization"))
                .isFalse();
        RequestHead bearer = get().withHeader("Authorization", "Bearer x");
        assertThat(auth.withoutCredentials(bearer)).isSameAs(bearer);
    }

    @Test
    void othersAreAskedForThem() {
        GivenContext context = context(with("alice", "wrong"));

        Verdict verdict = Verdicts.of(auth, context.original(), context);

        assertThat(verdict).isInstanceOfSatisfying(Verdict.Answer.class, answer -> {
            assertThat(answer.reply().status()).isEqualTo(401);
            assertThat(answer.reply().head().header("WWW-Authenticate"))
                    .isEqualTo("Basic realm=\"a \\\"quoted\\\" realm\", charset=\"UTF-8\"");
        });
        assertThat(context.attribute("remote_user")).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "Basic",
                "Basic ",
                "Basic !!!!",
                "Basic YWxpY2U", // alice
                "Basic OnMzY3I6dA==", // :s3cr:t
                "Basic YWxpY2UAOnMzY3I6dA==", // a NUL after alice
                "Bearer YWxpY2U6czNjcjp0",
                "BasicYWxpY2U6czNjcjp0",
                "Digest username=alice",
            })
    void whatIsMalformedIsNoCredential(String value) {
        RequestHead request = get().withHeader("Authorization", value);

        assertThat(auth.onRequest(request, context(request))).isInstanceOf(Verdict.Answer.class);
        assertThat(status(request)).isEqualTo(401);
    }

    /** For SHA-512 crypt such a password would cost seconds. */
    @Test
    void aPasswordOfMoreThan512BytesIsNeverRightAndNeverHashed() throws Exception {
        String longest = "x".repeat(512);
        BasicAuth both = BasicAuth.realm("r").users(Map.of("fits", sha(longest), "long", sha(longest + "x")));

        assertThat(Verdicts.of(both, with("fits", longest), context(with("fits", longest))))
                .isInstanceOf(Verdict.Proceed.class);
        RequestHead request = with("long", longest + "x");
        assertThat(both.onRequest(request, context(request)))
                .isInstanceOfSatisfying(
                        Verdict.Answer.class,
                        answer -> assertThat(answer.reply().status()).isEqualTo(401));
    }

    private static String sha(String password) throws NoSuchAlgorithmException {
        byte[] digest = MessageDigest.getInstance("SHA-1").digest(password.getBytes(UTF_8));
        return "{SHA}" + Base64.getEncoder().encodeToString(digest);
    }

    @Test
    void twoCredentialsAreNone() {
        RequestHead request = with("bob", "s3cr:t").toBuilder()
                .header("Authorization", basic("bob", "s3cr:t"))
                .build();

        assertThat(status(request)).isEqualTo(401);
    }

    @Test
    void theSchemeIgnoresCase() {
        assertThat(status(get().withHeader(
                                "Authorization",
                                "bASIC " + basic("bob", "s3cr:t").substring(6))))
                .isZero();
    }

    @Test
    void anUnknownUserCostsAHashToo() {
        RequestHead request = with("mallory", "s3cr:t");
        GivenContext context = context(request);

        Verdict verdict = auth.onRequest(request, context);

        assertThat(verdict).isInstanceOf(Verdict.Later.class);
        assertThat(context.work()).hasSize(1);
        assertThat(Verdicts.status(auth, request, context)).isEqualTo(401);
        // The password that the unknown user is compared with lets nobody in, however often it is found right.
        assertThat(Verdicts.status(auth, with("mallory", "s3cr:t"), context(request)))
                .isEqualTo(401);
    }

    @Test
    void withoutAnyUserNobodyIsLetIn() {
        BasicAuth nobody = BasicAuth.realm("r").users(Map.of());
        RequestHead request = with("alice", "");

        assertThat(Verdicts.status(nobody, request, context(request))).isEqualTo(401);
    }

    @Test
    void rightCredentialsAreRememberedForAMinute() {
        RequestHead request = with("alice", "s3cr:t");
        Verdicts.of(auth, request, at(request, 10));

        assertThat(auth.onRequest(request, at(request, 60_000_000_009L))).isInstanceOf(Verdict.Proceed.class);
        assertThat(auth.onRequest(request, at(request, 60_000_000_010L))).isInstanceOf(Verdict.Later.class);
        assertThat(auth.onRequest(with("alice", "s3cr:T"), at(request, 20))).isInstanceOf(Verdict.Later.class);
        assertThat(auth.onRequest(with("bob", "s3cr:t"), at(request, 20))).isInstanceOf(Verdict.Later.class);
    }

    @Test
    void wrongCredentialsAreHashedEachTime() {
        RequestHead request = with("alice", "wrong");
        Verdicts.of(auth, request, context(request));

        assertThat(auth.onRequest(request, context(request))).isInstanceOf(Verdict.Later.class);
    }

    @Test
    void theSameCredentialsAtTheSameTimeAreHashedOnce() {
        RequestHead request = with("alice", "s3cr:t");
        GivenContext first = context(request);
        GivenContext second = context(request);

        Verdict one = auth.onRequest(request, first);
        Verdict other = auth.onRequest(request, second);

        assertThat(first.work()).hasSize(1);
        assertThat(second.work()).isEmpty();
        assertThat(Verdicts.settle(one, first)).isInstanceOf(Verdict.Proceed.class);
        assertThat(Verdicts.settle(other, second)).isInstanceOf(Verdict.Proceed.class);
        assertThat(second.attribute("remote_user")).isEqualTo("alice");
    }

    @Test
    void aFloodOfPasswordsIsRefusedRatherThanKept() {
        List<GivenContext> contexts = new ArrayList<>();
        List<Verdict> verdicts = new ArrayList<>();
        for (int i = 0; i < 2_000; i++) {
            RequestHead request = with("alice", "guess " + i);
            contexts.add(context(request));
            verdicts.add(auth.onRequest(request, contexts.get(i)));
        }

        long refused =
                verdicts.stream().filter(Verdict.Answer.class::isInstance).count();
        long onThreads = contexts.stream().filter(one -> !one.work().isEmpty()).count();

        assertThat(onThreads).isLessThanOrEqualTo(Runtime.getRuntime().availableProcessors());
        assertThat(2_000 - refused).isEqualTo(1_000 + onThreads);
        assertThat(((Verdict.Answer) verdicts.get(1_999)).reply().status()).isEqualTo(503);
    }

    @Test
    void aFileIsReadOnTheExecutor() {
        file.write("alice:" + BCRYPT);
        BasicAuth ofFile = BasicAuth.realm("r").htpasswd(FILE);
        RequestHead request = with("alice", "s3cr:t");
        GivenContext context = context(request);

        CompletableFuture<?> stage =
                ((Verdict.Later) ofFile.onRequest(request, context)).stage().toCompletableFuture();

        assertThat(stage).isNotDone();
        assertThat(file.known()).isNull();
        context.work().remove(0).run();
        assertThat(stage).isDone();
        assertThat(Verdicts.status(ofFile, request, context)).isZero();
    }

    @Test
    void aChangedFileHoldsAtOnceThoughPasswordsAreRemembered() {
        BasicAuth ofFile = BasicAuth.realm("r").htpasswd(FILE);
        RequestHead request = with("alice", "s3cr:t");
        file.write("alice:" + BCRYPT);
        assertThat(Verdicts.status(ofFile, request, context(request))).isZero();

        file.write("alice:{SHA}2kuSN7rMzfGcB2DKt67EqDWQELA=");
        assertThat(Verdicts.status(ofFile, request, context(request))).isEqualTo(401);
        file.write("bob:" + BCRYPT);
        assertThat(Verdicts.status(ofFile, request, context(request))).isEqualTo(401);
        file.write("alice:" + BCRYPT);
        assertThat(Verdicts.status(ofFile, request, context(request))).isZero();
    }

    @Test
    void aFileThatCannotBeReadLetsNobodyIn() {
        BasicAuth ofFile = BasicAuth.realm("r").htpasswd(FILE);
        RequestHead request = with("alice", "s3cr:t");
        file.write("alice:" + BCRYPT);
        Verdicts.of(ofFile, request, context(request));

        file.lose();

        assertThat(Verdicts.status(ofFile, request, context(request))).isEqualTo(500);
        assertThat(Verdicts.status(ofFile, get(), context(get()))).isEqualTo(401);
    }

    @Test
    void aBadLineKeepsTheProxyFromStartingAndIsComplainedOfLater() {
        BasicAuth ofFile = BasicAuth.realm("r").htpasswd(FILE);
        file.write("alice:hunter2", "bob:" + SHA);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> ofFile.prepare(path -> file))
                .withMessageStartingWith("htpasswd users.htpasswd: line 1: ")
                .withMessageNotContaining("hunter2");
        RequestHead request = with("bob", "s3cr:t");
        assertThat(Verdicts.status(ofFile, request, context(request))).isZero();
        assertThat(Verdicts.status(ofFile, with("alice", "hunter2"), context(request)))
                .isEqualTo(401);
        assertThat(file.complaints).hasSize(1).first().asString().startsWith("line 1: ");
    }

    @Test
    void aMissingFileDoesNotKeepTheProxyFromStarting() {
        BasicAuth.realm("r").htpasswd(FILE).prepare(path -> file);
    }

    @Test
    void onlyWhatNeedsNoHashCanBePeekedAt() {
        assertThat(auth.peek(get(), context(get()))).isInstanceOf(Verdict.Answer.class);
        assertThat(auth.peek(with("alice", "s3cr:t"), context(get()))).isNull();
    }

    @Test
    void nothingOfItShowsACredential() {
        BasicCredentials credentials = BasicCredentials.of(with("alice", "s3cr:t"));

        assertThat(credentials).hasToString("alice");
        assertThat(auth).hasToString("BasicAuth[realm=\"a \\\"quoted\\\" realm\", 2 users]");
        assertThat(BasicAuth.realm("r").htpasswd(FILE)).hasToString("BasicAuth[realm=\"r\", htpasswd users.htpasswd]");
    }

    @Test
    void aRealmIsPrintable() {
        assertThatIllegalArgumentException().isThrownBy(() -> BasicAuth.realm("a\nb"));
    }

    private int status(RequestHead request) {
        return Verdicts.status(auth, request, context(request));
    }

    private GivenContext context(RequestHead request) {
        return at(request, 0);
    }

    private GivenContext at(RequestHead request, long now) {
        GivenContext context = GivenContext.at(request, "192.0.2.1", now);
        context.files().put(FILE, file);
        return context;
    }

    private static RequestHead get() {
        return RequestHead.get("/", "h");
    }

    private static RequestHead with(String user, String password) {
        return get().withHeader("Authorization", basic(user, password));
    }

    private static String basic(String user, String password) {
        return "Basic " + Base64.getEncoder().encodeToString((user + ":" + password).getBytes(UTF_8));
    }
}
