package io.weir.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReplyTest {
    @Test
    void aStatusSaysItsPhrase() {
        Reply reply = Reply.status(404);

        assertThat(reply.status()).isEqualTo(404);
        assertThat(new String(reply.body(), UTF_8)).isEqualTo("404 Not Found\n");
        assertThat(reply.head()).isEqualTo(ResponseHead.of(404, "Content-Type", "text/plain;charset=utf-8"));
        assertThat(reply.closesConnection()).isFalse();
        assertThat(reply.error()).isNull();
    }

    @ParameterizedTest
    @ValueSource(ints = {204, 304})
    void statusesWithoutBodyHaveNone(int status) {
        assertThat(Reply.status(status).length()).isZero();
        assertThat(Reply.text(200, "x").withHead(ResponseHead.of(status)).length())
                .isZero();
        assertThatIllegalArgumentException().isThrownBy(() -> Reply.text(status, "x"));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 100, 101, 199, 1000})
    void aReplyIsFinal(int status) {
        assertThatIllegalArgumentException().isThrownBy(() -> Reply.status(status));
        assertThatIllegalArgumentException().isThrownBy(() -> Reply.text(status, "x"));
    }

    @Test
    void textIsUtf8() {
        assertThat(Reply.text(200, "\u20AC").body()).isEqualTo("\u20AC".getBytes(UTF_8));
    }

    @Test
    void theBodyIsCopiedInAndOut() {
        byte[] mine = {1, 2};
        Reply reply = Reply.of(200, "a/b", mine);

        mine[0] = 9;
        reply.body()[1] = 9;

        assertThat(reply.body()).containsExactly(1, 2);
        assertThat(reply).hasToString("200 (2 bytes)");
    }

    @ParameterizedTest
    @ValueSource(ints = {301, 302, 303, 307, 308})
    void aRedirectNamesItsLocation(int status) {
        Reply reply = Reply.redirect(status, "/b?c");

        assertThat(reply.status()).isEqualTo(status);
        assertThat(reply.head().header("location")).isEqualTo("/b?c");
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 300, 304, 305, 309, 404})
    void otherStatusesDoNotRedirect(int status) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Reply.redirect(status, "/"))
                .withMessage("status: " + status + " (expected: 301, 302, 303, 307 or 308)");
    }

    @Test
    void aLocationCannotSplitTheReply() {
        assertThatIllegalArgumentException().isThrownBy(() -> Reply.redirect(301, "/a\r\nSet-Cookie: b"));
    }

    @ParameterizedTest
    @EnumSource(ProxyError.class)
    void anErrorsReplyTellsTheClientNothingButTheStatus(ProxyError error) {
        Reply reply = Reply.of(error);

        assertThat(reply.status()).isEqualTo(error.status());
        assertThat(reply.error()).isEqualTo(error);
        assertThat(reply.closesConnection()).isEqualTo(error.closesConnection());
        assertThat(new String(reply.body(), UTF_8)).matches(error.status() + " [A-Z][A-Za-z ]+\n");
        assertThat(reply.head().headers().size()).isEqualTo(1);
    }

    @Test
    void changesKeepTheRest() {
        Reply reply = Reply.of(ProxyError.NO_ROUTE).closing().withHeader("X", "1");

        assertThat(reply.closesConnection()).isTrue();
        assertThat(reply.error()).isEqualTo(ProxyError.NO_ROUTE);
        assertThat(reply.head().header("X")).isEqualTo("1");
        assertThat(reply.length()).isPositive();
    }
}
