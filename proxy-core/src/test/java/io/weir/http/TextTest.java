package io.weir.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TextTest {
    @Test
    void plainTextStaysTheSame() {
        String plain = "GET /a?b=c HTTP/1.1 ~";

        assertThat(Text.escape(plain)).isSameAs(plain);
    }

    @Test
    void whatCouldForgeALineOrEndAQuotationIsEscapedAsByNginx() {
        assertThat(Text.escape("a\"b\\c\r\n\t\0\u001B\u007F\u00E9"))
                .isEqualTo("a\\x22b\\x5Cc\\x0D\\x0A\\x09\\x00\\x1B\\x7F\\xE9");
        assertThat(Text.escape("\u20AC\uD83D")).isEqualTo("\\u20AC\\uD83D");
    }

    @Test
    void hexHasSixteenDigits() {
        assertThat(Text.hex(0)).isEqualTo("0000000000000000");
        assertThat(Text.hex(-1)).isEqualTo("ffffffffffffffff");
        assertThat(Text.hex(0xABCL)).isEqualTo("0000000000000abc");
    }
}
