package io.weir.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IpRangeTest {
    @ParameterizedTest
    @CsvSource({
        "10.0.0.0/8,            10.255.255.255, true",
        "10.0.0.0/8,            11.0.0.0,       false",
        "10.0.0.0/8,            9.255.255.255,  false",
        "10.1.2.3/8,            10.9.9.9,       true",
        "192.168.1.128/25,      192.168.1.128,  true",
        "192.168.1.128/25,      192.168.1.127,  false",
        "192.168.1.4/30,        192.168.1.7,    true",
        "192.168.1.4/30,        192.168.1.8,    false",
        "172.16.0.0/12,         172.31.255.255, true",
        "172.16.0.0/12,         172.32.0.0,     false",
        "1.2.3.4,               1.2.3.4,        true",
        "1.2.3.4/32,            1.2.3.5,        false",
        "0.0.0.0/0,             255.1.1.1,      true",
        "0.0.0.0/0,             ::1,            false",
        "::/0,                  ::1,            true",
        "::/0,                  1.2.3.4,        false",
        "2001:db8::/32,         2001:db8:ffff::1, true",
        "2001:db8::/32,         2001:db9::,     false",
        "2001:db8::/33,         2001:db8:7fff::, true",
        "2001:db8::/33,         2001:db8:8000::, false",
        "::1,                   ::1,            true",
        "[::1],                 ::1,            true",
        "::1/128,               ::2,            false",
        "10.0.0.0/8,            ::ffff:10.1.1.1, true",
        "::ffff:10.0.0.0/104,   10.1.1.1,       true",
        "::ffff:10.0.0.0/104,   11.1.1.1,       false",
        "::ffff:0:0/96,         8.8.8.8,        true",
        "::ffff:0:0/96,         ::1,            false",
        "::ffff:10.0.0.1,       10.0.0.1,       true",
    })
    void aBlockHoldsWhatSharesItsPrefix(String block, String address, boolean inside) {
        assertThat(IpRange.parse(block).contains(address(address))).isEqualTo(inside);
    }

    @Test
    void aMappedAddressThatJavaLeftMappedCountsAsIpv4() throws Exception {
        byte[] bytes = new byte[16];
        bytes[10] = bytes[11] = -1;
        bytes[12] = 10;
        InetAddress mapped = Inet6Address.getByAddress(null, bytes, -1);

        assertThat(mapped).isInstanceOf(Inet6Address.class);
        assertThat(IpRange.parse("10.0.0.0/8").contains(mapped)).isTrue();
        assertThat(IpRange.parse("::/0").contains(mapped)).isFalse();
        assertThat(IpRange.format(mapped)).isEqualTo("10.0.0.0");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "/",
                "/8",
                "1.2.3.4/",
                "1.2.3.4/33",
                "1.2.3.4/-1",
                "1.2.3.4/08",
                "1.2.3.4/8/8",
                "1.2.3.4/ 8",
                "1.2.3.4/+8",
                "1.2.3.4/255.0.0.0",
                "::1/129",
                "::ffff:1.2.3.4/95",
                "::ffff:1.2.3.4/129",
                "example.com",
                "all",
                "localhost",
                "010.1.1.1/8",
                "1.2.3/8",
                "1.2.3.4/999999999999"
            })
    void junkIsNoBlock(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> IpRange.parse(text))
                .withMessageStartingWith("ip range: \"" + text + "\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ".",
                "...",
                "1",
                "1.2.3",
                "1.2.3.",
                "1.2.3.4.",
                ".1.2.3.4",
                "1.2.3.4.5",
                "1..3.4",
                "256.1.1.1",
                "1.1.1.256",
                "010.1.1.1",
                "00.0.0.0",
                "0x1.1.1.1",
                "1.2.3.4 ",
                " 1.2.3.4",
                "+1.2.3.4",
                "-1.2.3.4",
                "1.2.3.1000",
                "2130706433",
                "1.2.3.4:80",
                "[1.2.3.4]",
                "\u0661.2.3.4",
                ":",
                ":::",
                "::1::",
                "1::2::3",
                ":1",
                "1:",
                "::1:",
                ":1::",
                "12345::",
                "g::",
                "1:2:3:4:5:6:7",
                "1:2:3:4:5:6:7:8:9",
                "1:2:3:4:5:6:7:8::",
                "::1:2:3:4:5:6:7:8",
                "1:2:3:4::5:6:7:8",
                "fe80::1%eth0",
                "fe80::1%1",
                "::1.2.3",
                "::1.2.3.4.5",
                "1.2.3.4::",
                "::1.2.3.4:5",
                "1:2:3:4:5:6:7:1.2.3.4",
                "::ffff:010.1.1.1",
                "[::1",
                "::1]",
                "[]",
                "[",
                "]",
                "[[::1]]",
                "[::1]:80",
                "::1 ",
                "::\uFF11",
                "unix:",
                "localhost",
                "unknown",
                "_hidden"
            })
    void junkIsNoAddress(String text) {
        assertThat(IpRange.parseAddress(text)).isNull();
    }

    @ParameterizedTest
    @CsvSource({
        "0.0.0.0,                         0.0.0.0",
        "255.255.255.255,                 255.255.255.255",
        "::,                              ::",
        "0:0:0:0:0:0:0:0,                 ::",
        "::1,                             ::1",
        "1::,                             1::",
        "2001:DB8::00A,                   2001:db8::a",
        "[2001:db8::1],                   2001:db8::1",
        "1:0:0:2:0:0:0:3,                 1:0:0:2::3",
        "1:0:0:2:3:0:0:4,                 1::2:3:0:0:4",
        "1:2:3:4:5:6:0:8,                 1:2:3:4:5:6:0:8",
        "1:2:3:4:5:6:7::,                 1:2:3:4:5:6:7:0",
        "::2:3:4:5:6:7:8,                 0:2:3:4:5:6:7:8",
        "::1.2.3.4,                       ::102:304",
        "64:ff9b::1.2.3.4,                64:ff9b::102:304",
        "1:2:3:4:5:6:1.2.3.4,             1:2:3:4:5:6:102:304",
        "::ffff:1.2.3.4,                  1.2.3.4",
        "::FFFF:102:304,                  1.2.3.4",
    })
    void anAddressIsShownInItsShortestForm(String text, String canonical) {
        assertThat(IpRange.format(address(text))).isEqualTo(canonical);
    }

    @Test
    void whatIsFormattedIsReadBackTheSame() throws Exception {
        Random random = new Random(3);
        for (int round = 0; round < 5_000; round++) {
            byte[] bytes = new byte[random.nextBoolean() ? 4 : 16];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = random.nextInt(3) == 0 ? (byte) random.nextInt() : 0;
            }
            InetAddress address = InetAddress.getByAddress(bytes);

            assertThat(IpRange.parseAddress(IpRange.format(address))).isEqualTo(address);
        }
    }

    @Test
    void aBlockHoldsExactlyWhatHasItsFirstBits() throws Exception {
        Random random = new Random(4);
        for (int round = 0; round < 5_000; round++) {
            byte[] network = new byte[random.nextBoolean() ? 4 : 16];
            random.nextBytes(network);
            byte[] other = network.clone();
            int flipped = random.nextInt(8 * network.length);
            other[flipped / 8] ^= (byte) (0x80 >> flipped % 8);
            int prefix = random.nextInt(8 * network.length + 1);

            IpRange block = IpRange.parse(IpRange.format(InetAddress.getByAddress(network)) + "/" + prefix);

            assertThat(block.contains(InetAddress.getByAddress(other)))
                    .as("%s, bit %s of %s", block, flipped, Arrays.toString(network))
                    .isEqualTo(flipped >= prefix);
        }
    }

    @Test
    void equalBlocksAreEqual() {
        assertThat(IpRange.parse("10.1.1.1/8"))
                .isEqualTo(IpRange.parse("10.0.0.0/8"))
                .hasToString("10.0.0.0/8");
        assertThat(IpRange.parse("10.0.0.0/8")).isNotEqualTo(IpRange.parse("10.0.0.0/9"));
        assertThat(IpRange.parse("::/0").isEverything()).isTrue();
        assertThat(IpRange.parse("::/1").isEverything()).isFalse();
    }

    private static InetAddress address(String text) {
        InetAddress address = IpRange.parseAddress(text);
        assertThat(address).as(text).isNotNull();
        return address;
    }
}
