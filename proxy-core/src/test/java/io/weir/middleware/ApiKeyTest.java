package io.weir.middleware;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.weir.http.Headers;
import io.weir.http.RequestHead;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ApiKeyTest {
    private static final Path FILE = Path.of("keys");
    private static final String KEY = "k-7f3a";
    /** What {@code printf %s k-7f3a | sha256sum} prints. */
    private static final String HASH = "315597da2c02bb7bd5f2425e61c98e827e57194381f820ff22306a2828fb8a76";

    private final ApiKey keys = ApiKey.hashes(Map.of("reports", HASH, "other", ApiKey.hash("k-2")));
    private final GivenFile file = new GivenFile();

    @Test
    void aHashIsWhatSha256sumPrints() {
        assertThat(ApiKey.hash(KEY)).isEqualTo(HASH);
    }

    @ParameterizedTest
    @CsvSource({
        "X-API-Key,     k-7f3a,         true",
        "x-api-key,     k-7f3a,         true",
        "X-API-Key,     k-7f3b,         false",
        "X-API-Key,     '',             false",
        "X-API-Key,     315597da2c02bb7bd5f2425e61c98e827e57194381f820ff22306a2828fb8a76, false",
        "Authorization, Bearer k-7f3a,  true",
        "Authorization, bearer k-7f3a,  true",
        "Authorization, Bearer k-7f3,   false",
        "Authorization, Bearer,         false",
        "Authorization, Basic k-7f3a,   false",
        "Authorization, k-7f3a,         false",
        "X-Other,       k-7f3a,         false",
    })
    void whoHasAKeyIsLetInUnderItsNameAndTheKeyStaysHere(String field, String value, boolean letIn) {
        RequestHead request = get().withHeader(field, value);
        GivenContext context = GivenContext.of(request, "192.0.2.1");

        Verdict verdict = keys.onRequest(request, context);

        assertThat(verdict instanceof Verdict.Proceed).isEqualTo(letIn);
        assertThat(context.attribute("remote_user")).isEqualTo(letIn ? "reports" : null);
        if (verdict instanceof Verdict.Proceed proceed) {
            assertThat(proceed.request().headers()).isEqualTo(Headers.of("Host", "h"));
            assertThat(keys.passCredentials().onRequest(request, context)).isEqualTo(Verdict.proceed(request));
        }
    }

    @Test
    void theChallengeSaysWhetherAKeyWasThere() {
        assertThat(challenge(keys, get())).isEqualTo("Bearer realm=\"api\"");
        assertThat(challenge(keys.realm("my api"), get().withHeader("X-API-Key", "k")))
                .isEqualTo("Bearer realm=\"my api\", error=\"invalid_token\"");
    }

    @Test
    void severalKeysAreNone() {
        RequestHead twice = get().toBuilder()
                .header("X-API-Key", KEY)
                .header("X-API-Key", KEY)
                .build();
        RequestHead twoTokens = get().toBuilder()
                .header("Authorization", "Bearer " + KEY)
                .header("Authorization", "Bearer " + KEY)
                .build();

        assertThat(status(keys, twice)).isEqualTo(401);
        assertThat(status(keys, twoTokens)).isEqualTo(401);
    }

    @Test
    void besideAKeyTheAuthorizationIsTheUpstreams() {
        RequestHead request = get().withHeader("X-API-Key", KEY).withHeader("Authorization", "Bearer app");

        assertThat(keys.onRequest(request, GivenContext.of(request, "192.0.2.1")))
                .isInstanceOfSatisfying(
                        Verdict.Proceed.class,
                        proceed -> assertThat(proceed.request().header("Authorization"))
                                .isEqualTo("Bearer app"));
        RequestHead basic = get().withHeader("Authorization", "Basic eDp5");
        assertThat(keys.withoutCredentials(basic)).isSameAs(basic);
    }

    @Test
    void keysOfAFileChangeWithIt() {
        ApiKey ofFile = ApiKey.file(FILE);
        RequestHead request = get().withHeader("X-API-Key", KEY);

        assertThat(status(ofFile, request)).isEqualTo(500);
        file.write("# keys", "reports: " + HASH.toUpperCase(java.util.Locale.ROOT));
        assertThat(status(ofFile, request)).isZero();
        file.write("other:" + ApiKey.hash("k-2"));
        assertThat(status(ofFile, request)).isEqualTo(401);
        file.lose();
        assertThat(status(ofFile, request)).isEqualTo(500);
        assertThat(status(ofFile, get())).isEqualTo(401);
    }

    @Test
    void aBadLineIsNamedButNotShown() {
        file.write("reports:" + HASH, "other:" + KEY, "nothing");

        assertThatIllegalArgumentException()
                .isThrownBy(() -> ApiKey.file(FILE).prepare(path -> file))
                .withMessageContaining("file keys: line 2: no key")
                .withMessageContaining("line 3: no key")
                .withMessageNotContaining(KEY);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ApiKey.hashes(Map.of("a", KEY)))
                .withMessageNotContaining(KEY);
    }

    @Test
    void itCanBePeekedAtUnlessItsFileHasToBeRead() {
        RequestHead request = get().withHeader("X-API-Key", KEY);
        GivenContext context = GivenContext.of(request, "192.0.2.1");

        assertThat(keys.peek(request, context)).isInstanceOf(Verdict.Proceed.class);
        assertThat(keys.peek(get(), context)).isInstanceOf(Verdict.Answer.class);
        assertThat(ApiKey.file(FILE).peek(request, context)).isNull();
        assertThat(keys).hasToString("ApiKey[2 keys]");
        assertThat(ApiKey.file(FILE)).hasToString("ApiKey[file keys]");
    }

    private int status(ApiKey gate, RequestHead request) {
        GivenContext context = GivenContext.of(request, "192.0.2.1");
        context.files().put(FILE, file);
        return Verdicts.status(gate, request, context);
    }

    private static String challenge(ApiKey gate, RequestHead request) {
        Verdict verdict = gate.onRequest(request, GivenContext.of(request, "192.0.2.1"));
        return ((Verdict.Answer) verdict).reply().head().header("WWW-Authenticate");
    }

    private static RequestHead get() {
        return RequestHead.get("/", "h");
    }
}
