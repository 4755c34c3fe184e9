package io.weir.header;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.header.TrustedProxies.Source;
import io.weir.http.RequestHead;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who the client is where trusted proxies say so in {@code Forwarded} or {@code X-Real-IP}. */
class TrustSourcesTest {
    private static final TrustedProxies FORWARDED =
            TrustedProxies.of("10.0.0.0/8").source(Source.FORWARDED);
    private static final TrustedProxies REAL_IP =
            TrustedProxies.of("10.0.0.0/8").source(Source.X_REAL_IP);

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "for=192.0.2.1                                  | 192.0.2.1   | 192.0.2.1, 10.0.0.1",
                "For=192.0.2.1;proto=https;by=10.0.0.1          | 192.0.2.1   | 192.0.2.1, 10.0.0.1",
                "for=192.0.2.1, for=10.0.0.2                    | 192.0.2.1   | 192.0.2.1, 10.0.0.2, 10.0.0.1",
                "for=8.8.8.8, for=192.0.2.1                     | 192.0.2.1   | 192.0.2.1, 10.0.0.1",
                "for=\"[2001:db8::1]:4711\"                     | 2001:db8::1 | 2001:db8::1, 10.0.0.1",
                "for=\"[2001:db8::1]\"                          | 2001:db8::1 | 2001:db8::1, 10.0.0.1",
                "for=\"192.0.2.1:4711\"                         | 192.0.2.1   | 192.0.2.1, 10.0.0.1",
                "for=192.0.2.1 ; host=\"a,b;c\"                 | 192.0.2.1   | 192.0.2.1, 10.0.0.1",
                "for=192.0.2.1;host=\"a\\\",for=8.8.8.8\"       | 192.0.2.1   | 192.0.2.1, 10.0.0.1",
                "for=unknown                                    | 10.0.0.1    | 10.0.0.1",
                "for=_hidden                                    | 10.0.0.1    | 10.0.0.1",
                "proto=https                                    | 10.0.0.1    | 10.0.0.1",
                "for=unknown, for=10.0.0.2                      | 10.0.0.2    | 10.0.0.2, 10.0.0.1",
                "for=192.0.2.1;for=8.8.8.8                      | 10.0.0.1    | 10.0.0.1",
                "for=192.0.2.1 8.8.8.8                          | 10.0.0.1    | 10.0.0.1",
                "for                                            | 10.0.0.1    | 10.0.0.1",
                "192.0.2.1                                      | 10.0.0.1    | 10.0.0.1",
                "for=\"192.0.2.1                                | 10.0.0.1    | 10.0.0.1",
                "for=\"192.0.2.1\"x                             | 10.0.0.1    | 10.0.0.1",
                // a client's quote that never closes swallows nothing that a proxy appended
                "for=\"8.8.8.8, for=192.0.2.1                   | 192.0.2.1   | 192.0.2.1, 10.0.0.1",
                "for=\"x\\, for=192.0.2.1                       | 192.0.2.1   | 192.0.2.1, 10.0.0.1",
                "host=\", for=\"[2001:db8::1]\"                 | 2001:db8::1 | 2001:db8::1, 10.0.0.1",
                ", for=192.0.2.1 ,                              | 192.0.2.1   | 192.0.2.1, 10.0.0.1",
            })
    void forwardedIsWalkedFromTheRight(String sent, String client, String chain) {
        Forwarding forwarding = FORWARDED.resolve(from("10.0.0.1", "Forwarded", sent));

        assertThat(forwarding.clientAddress()).isEqualTo(client);
        assertThat(forwarding.chain()).isEqualTo(chain);
    }

    @Test
    void allLinesOfForwardedCount() {
        RequestHead request = from("10.0.0.1", "Forwarded", "for=192.0.2.1").toBuilder()
                .header("Forwarded", "for=10.0.0.3, for=10.0.0.2")
                .build();

        assertThat(FORWARDED.resolve(request).chain()).isEqualTo("192.0.2.1, 10.0.0.3, 10.0.0.2, 10.0.0.1");
    }

    @ParameterizedTest
    @CsvSource({
        "192.0.2.1,        192.0.2.1",
        "' 192.0.2.1 ',    192.0.2.1",
        "2001:db8::1,      2001:db8::1",
        "[2001:db8::1]:80, 2001:db8::1",
        "10.0.0.9,         10.0.0.9",
        "'8.8.8.8, 9.9.9.9', 10.0.0.1",
        "'',               10.0.0.1",
        "junk,             10.0.0.1",
    })
    void realIpIsOneAddress(String sent, String client) {
        assertThat(REAL_IP.resolve(from("10.0.0.1", "X-Real-IP", sent)).clientAddress())
                .isEqualTo(client);
    }

    @Test
    void ofSeveralLinesOfRealIpTheLastCounts() {
        RequestHead request = from("10.0.0.1", "X-Real-IP", "8.8.8.8").toBuilder()
                .header("X-Real-IP", "192.0.2.1")
                .build();

        assertThat(REAL_IP.resolve(request).clientAddress()).isEqualTo("192.0.2.1");
    }

    @ParameterizedTest
    @CsvSource({
        "X_FORWARDED_FOR, Forwarded,       for=8.8.8.8",
        "X_FORWARDED_FOR, X-Real-IP,       8.8.8.8",
        "FORWARDED,       X-Forwarded-For, 8.8.8.8",
        "FORWARDED,       X-Real-IP,       8.8.8.8",
        "X_REAL_IP,       X-Forwarded-For, 8.8.8.8",
        "X_REAL_IP,       Forwarded,       for=8.8.8.8",
    })
    void anotherFieldSaysNothing(Source source, String field, String value) {
        TrustedProxies trusted = TrustedProxies.of("10.0.0.0/8").source(source);

        assertThat(trusted.resolve(from("10.0.0.1", field, value)).clientAddress())
                .isEqualTo("10.0.0.1");
    }

    @ParameterizedTest
    @CsvSource({
        "X_FORWARDED_FOR, X-Forwarded-For, 8.8.8.8",
        "FORWARDED,       Forwarded,       for=8.8.8.8",
        "X_REAL_IP,       X-Real-IP,       8.8.8.8",
    })
    void anUntrustedPeerIsTheClientWhateverItClaims(Source source, String field, String value) {
        TrustedProxies trusted = TrustedProxies.of("10.0.0.0/8").source(source);

        Forwarding forwarding = trusted.resolve(from("203.0.113.1", field, value));

        assertThat(forwarding.clientAddress()).isEqualTo("203.0.113.1");
        assertThat(forwarding.peerTrusted()).isFalse();
    }

    @Test
    void itShowsItsSource() {
        assertThat(FORWARDED).hasToString("[10.0.0.0/8] FORWARDED");
        assertThat(TrustedProxies.of("10.0.0.0/8")).hasToString("[10.0.0.0/8]");
    }

    private static RequestHead from(String peer, String field, String value) {
        return RequestHead.builder("GET", "/").peer(peer).header(field, value).build();
    }
}
