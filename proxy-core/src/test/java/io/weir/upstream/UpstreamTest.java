package io.weir.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UpstreamTest {

    @ParameterizedTest
    @CsvSource({
        "http://127.0.0.1:3000,       http://127.0.0.1:3000,   127.0.0.1,      3000, ''",
        "http://a.test,               http://a.test,           a.test,         80,   ''",
        "http://a.test:80/,           http://a.test,           a.test,         80,   /",
        "http://a.test:/,             http://a.test,           a.test,         80,   /",
        "HTTP://A.Test:8080/v2/,      http://a.test:8080,      a.test,         8080, /v2/",
        "http://[2001:db8::1]:3000/x, http://[2001:db8::1]:3000, [2001:db8::1], 3000, /x",
        "http://my_app:3000,          http://my_app:3000,      my_app,         3000, ''",
        "http://localhost:65535,      http://localhost:65535,  localhost,      65535, ''",
        "https://a.test,              https://a.test,          a.test,         443,  ''",
        "https://a.test:443/v2/,      https://a.test,          a.test,         443,  /v2/",
        "HTTPS://A.Test:80,           https://a.test:80,       a.test,         80,   ''",
        "unix:/run/my.sock,           http://unix:/run/my.sock, localhost,     0,    ''",
        "http://unix:/run/my.sock,    http://unix:/run/my.sock, localhost,     0,    ''",
        "http://unix:/run/my.sock:/v2/, http://unix:/run/my.sock, localhost,   0,    /v2/",
        "https://unix:/run/my.sock:/, https://unix:/run/my.sock, localhost,    0,    /",
        "http://a.test/caf\u00e9%20b/, http://a.test,          a.test,         80,   /caf%C3%A9%20b/",
    })
    void urlsAreRead(String url, String withoutPath, String host, int port, String path) {
        Upstream upstream = Upstream.at(url).build();

        assertThat(upstream.url()).isEqualTo(withoutPath);
        assertThat(upstream.host()).isEqualTo(host);
        assertThat(upstream.port()).isEqualTo(port);
        assertThat(upstream.path()).isEqualTo(path);
        assertThat(upstream).hasToString(url);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''                       | scheme null",
                "a.test                   | scheme null",
                "localhost:3000           | scheme localhost",
                "127.0.0.1:3000           | Illegal character in scheme name",
                "ftp://a.test             | scheme ftp",
                "http:a.test              | no host",
                "http://                  | Expected authority",
                "http:///v2/              | no host",
                "http://:3000             | no host",
                "http://a.test:0          | port 0",
                "http://a.test:65536      | port 65536",
                "http://a.test:99999999999 | port 99999999999",
                "http://a.test:-1         | no host",
                "http://a.test:x          | no host",
                "http://[::1              | Expected closing bracket",
                "http://user@a.test       | no meaning here",
                "http://a.test/?q         | no meaning here",
                "http://a.test/#f         | no meaning here",
                "http://a.test/a b        | Illegal character in path",
                "http://a.test/%zz        | Malformed escape pair",
                "http://a.test\\v2        | Illegal character in authority",
                "http://b\u00fccher.test  | no host",
            })
    void whatIsNoSuchUrlIsRefusedWithTheReason(String url, String reason) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Upstream.at(url))
                .withMessageStartingWith("upstream \"" + url + "\": ")
                .withMessageContaining(reason)
                .withMessageEndingWith(" (expected: http[s]://host[:port][/path] or unix:/socket[:/path])");
    }

    @Test
    void valuesOutOfRangeAreRefusedAtOnce() {
        Upstream.Builder builder = Upstream.at("http://a.test");

        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.weight(0))
                .withMessage("weight: 0 (expected: >= 1)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.maxFails(-1))
                .withMessage("maxFails: -1 (expected: >= 0)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.failTimeout(Duration.ZERO))
                .withMessageStartingWith("failTimeout: PT0S (expected: > 0 and at most ");
        assertThatIllegalArgumentException().isThrownBy(() -> builder.failTimeout(Duration.ofSeconds(Long.MAX_VALUE)));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.maxConnections(-1))
                .withMessage("maxConnections: -1 (expected: >= 0)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.slowStart(Duration.ofSeconds(-1)))
                .withMessageStartingWith("slowStart: PT-1S (expected: >= 0 and at most ");
        assertThatIllegalArgumentException().isThrownBy(() -> UpstreamPool.named(" "));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> UpstreamPool.named("a").queue(-1, Duration.ofSeconds(1)))
                .withMessage("queue length: -1 (expected: >= 0)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> UpstreamPool.named("a").queue(1, Duration.ZERO))
                .withMessageStartingWith("queue timeout: PT0S (expected: > 0");
    }

    @Test
    void defaultsAreThoseOfNginx() {
        Upstream upstream = Upstream.at("http://a.test").build();

        assertThat(upstream.weight()).isEqualTo(1);
        assertThat(upstream.maxFails()).isEqualTo(1);
        assertThat(upstream.failTimeout()).isEqualTo(Duration.ofSeconds(10));
        assertThat(upstream.maxConnections()).isZero();
        assertThat(upstream.slowStart()).isEqualTo(Duration.ZERO);
        assertThat(upstream.isBackup()).isFalse();
        assertThat(upstream.isDown()).isFalse();
    }

    @Test
    void aPoolDoesNotChangeWithItsBuilder() {
        UpstreamPool.Builder builder = UpstreamPool.named("app").upstream("http://a");
        UpstreamPool pool = builder.build();

        builder.upstream("http://b").retry(RetryPolicy.off());

        assertThat(pool.upstreams()).hasSize(1);
        assertThat(pool.retry()).isEqualTo(RetryPolicy.defaults());
    }
}
