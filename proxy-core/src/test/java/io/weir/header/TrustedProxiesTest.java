package io.weir.header;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.weir.http.Peer;
import io.weir.http.RequestHead;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrustedProxiesTest {
    private static final TrustedProxies TRUSTED = TrustedProxies.of("10.0.0.0/8", "fd00::/8");

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\'',
            value = {
                "'192.0.2.1'                       | 192.0.2.1     | '192.0.2.1, 10.0.0.1'",
                "'192.0.2.1, 10.0.0.2'             | 192.0.2.1     | '192.0.2.1, 10.0.0.2, 10.0.0.1'",
                "'192.0.2.1,10.0.0.3 ,\t10.0.0.2'  | 192.0.2.1     | '192.0.2.1, 10.0.0.3, 10.0.0.2, 10.0.0.1'",
                "'8.8.8.8, 192.0.2.1'              | 192.0.2.1     | '192.0.2.1, 10.0.0.1'",
                "'10.9.9.9, 192.0.2.1, 10.0.0.2'   | 192.0.2.1     | '192.0.2.1, 10.0.0.2, 10.0.0.1'",
                "'10.0.0.3, 10.0.0.2'              | 10.0.0.3      | '10.0.0.3, 10.0.0.2, 10.0.0.1'",
                "''                                | 10.0.0.1      | '10.0.0.1'",
                "' , ,'                            | 10.0.0.1      | '10.0.0.1'",
                "'192.0.2.1, , 10.0.0.2,'          | 192.0.2.1     | '192.0.2.1, 10.0.0.2, 10.0.0.1'",
                "',192.0.2.1'                      | 192.0.2.1     | '192.0.2.1, 10.0.0.1'",
                "'192.0.2.1, junk'                 | 10.0.0.1      | '10.0.0.1'",
                "'192.0.2.1, junk, 10.0.0.2'       | 10.0.0.2      | '10.0.0.2, 10.0.0.1'",
                "'unknown'                         | 10.0.0.1      | '10.0.0.1'",
                "'_hidden'                         | 10.0.0.1      | '10.0.0.1'",
                "'unix:'                           | 10.0.0.1      | '10.0.0.1'",
                "'192.0.2.1:4711'                  | 192.0.2.1     | '192.0.2.1, 10.0.0.1'",
                "'192.0.2.1:port'                  | 10.0.0.1      | '10.0.0.1'",
                "'192.0.2.1:'                      | 10.0.0.1      | '10.0.0.1'",
                "'192.0.2.1:123456'                | 10.0.0.1      | '10.0.0.1'",
                "'010.0.0.1'                       | 10.0.0.1      | '10.0.0.1'",
                "'2001:DB8::1'                     | 2001:db8::1   | '2001:db8::1, 10.0.0.1'",
                "'[2001:db8::1]'                   | 2001:db8::1   | '2001:db8::1, 10.0.0.1'",
                "'[2001:db8::1]:443'               | 2001:db8::1   | '2001:db8::1, 10.0.0.1'",
                "'[2001:db8::1]junk'               | 10.0.0.1      | '10.0.0.1'",
                "'[2001:db8::1'                    | 10.0.0.1      | '10.0.0.1'",
                "'2001:db8::1, fd00::2'            | 2001:db8::1   | '2001:db8::1, fd00::2, 10.0.0.1'",
                "'fe80::1%eth0'                    | 10.0.0.1      | '10.0.0.1'",
                "'::ffff:192.0.2.1'                | 192.0.2.1     | '192.0.2.1, 10.0.0.1'",
                "'192.0.2.1, ::ffff:10.0.0.2'      | 192.0.2.1     | '192.0.2.1, 10.0.0.2, 10.0.0.1'",
                "'\u00A0192.0.2.1'                 | 10.0.0.1      | '10.0.0.1'",
                "'\"192.0.2.1\"'                   | 10.0.0.1      | '10.0.0.1'",
            })
    void aTrustedPeersChainIsWalkedFromTheRightUntilAnUntrustedAddress(String sent, String client, String chain) {
        Forwarding forwarding = TRUSTED.resolve(from("10.0.0.1", sent));

        assertThat(forwarding.peerTrusted()).isTrue();
        assertThat(forwarding.clientAddress()).isEqualTo(client);
        assertThat(forwarding.chain()).isEqualTo(chain);
        assertThat(new Peer(forwarding.client(), 0).host()).isEqualTo(client);
    }

    @Test
    void theWalkGoesOverAllLinesFromTheLast() {
        Forwarding forwarding = TRUSTED.resolve(from("10.0.0.1", "8.8.8.8", "192.0.2.1, 10.0.0.3", "", "10.0.0.2"));

        assertThat(forwarding.chain()).isEqualTo("192.0.2.1, 10.0.0.3, 10.0.0.2, 10.0.0.1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.0.0.2", "127.0.0.1", "192.0.2.77", "junk"})
    void anUntrustedPeerIsTheClientWhateverItClaims(String claim) {
        Forwarding forwarding = TRUSTED.resolve(from("192.0.2.1", claim));

        assertThat(forwarding.peerTrusted()).isFalse();
        assertThat(forwarding.clientAddress()).isEqualTo("192.0.2.1");
        assertThat(forwarding.chain()).isEqualTo("192.0.2.1");
    }

    @Test
    void byDefaultNobodyIsTrusted() {
        assertThat(TrustedProxies.none().resolve(from("127.0.0.1", "1.2.3.4")).clientAddress())
                .isEqualTo("127.0.0.1");
        assertThat(TrustedProxies.none().trusts(Peer.unix())).isFalse();
    }

    @Test
    void aTrustedIpv6PeerSpeaksForItsClients() {
        assertThat(TRUSTED.resolve(from("fd00::1", "192.0.2.1")).chain()).isEqualTo("192.0.2.1, fd00::1");
    }

    @Test
    void anUntrustedUnixSocketIsShownAsNginxShowsIt() {
        Forwarding forwarding = TRUSTED.resolve(over(Peer.unix(), "192.0.2.1"));

        assertThat(forwarding.client()).isNull();
        assertThat(forwarding.clientAddress()).isEqualTo("unix:");
        assertThat(forwarding.chain()).isEqualTo("unix:");
    }

    @Test
    void aTrustedUnixSocketVouchesButIsNoAddressInTheChain() {
        TrustedProxies trusted = TrustedProxies.of("unix:", "10.0.0.0/8");

        assertThat(trusted.resolve(over(Peer.unix(), "192.0.2.1, 10.0.0.2")).chain())
                .isEqualTo("192.0.2.1, 10.0.0.2");
        assertThat(trusted.resolve(over(Peer.unix(), "")).chain()).isEqualTo("unix:");
        assertThat(trusted.resolve(from("10.0.0.1", "192.0.2.1, unix:")).chain())
                .isEqualTo("192.0.2.1, 10.0.0.1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "all", "*", "10.0.0.0/33", "proxy.internal", "unix:/run/x"})
    void aRangeThatIsNoneIsRefused(String range) {
        assertThatIllegalArgumentException().isThrownBy(() -> TrustedProxies.of("10.0.0.0/8", range));
    }

    @Test
    void trustingEverybodyIsSeen() {
        assertThat(TrustedProxies.of("10.0.0.0/8", "0.0.0.0/0").trustsEverybody())
                .isTrue();
        assertThat(TrustedProxies.of("::/0").trustsEverybody()).isTrue();
        assertThat(TRUSTED.trustsEverybody()).isFalse();
    }

    private static RequestHead from(String peer, String... lines) {
        RequestHead.Builder head = RequestHead.builder("GET", "/").peer(peer);
        for (String line : lines) {
            head.header("X-Forwarded-For", line);
        }
        return head.build();
    }

    private static RequestHead over(Peer peer, String line) {
        return from("127.0.0.1", line).toBuilder().peer(peer).build();
    }
}
