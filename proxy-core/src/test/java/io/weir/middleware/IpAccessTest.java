package io.weir.middleware;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.weir.http.IpRange;
import io.weir.http.RequestHead;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IpAccessTest {
    private static final IpAccess OFFICE = IpAccess.allow("192.168.1.0/24", "2001:db8::/32")
            .deny("10.1.0.0/16")
            .allow("10.0.0.0/8")
            .denyOthers();

    @ParameterizedTest
    @CsvSource({
        "192.168.1.7,        true",
        "192.168.2.7,        false",
        "10.1.2.3,           false",
        "10.2.2.3,           true",
        "2001:db8::1,        true",
        "2001:db9::1,        false",
        "::ffff:10.1.2.3,    false",
        "::ffff:10.2.2.3,    true",
        "127.0.0.1,          false",
    })
    void theFirstRuleThatMatchesDecides(String client, boolean allowed) {
        assertThat(OFFICE.allows(IpRange.parseAddress(client))).isEqualTo(allowed);
    }

    @Test
    void othersAreWhatTheEndSays() {
        assertThat(IpAccess.deny("10.0.0.1").allowOthers().allows(IpRange.parseAddress("10.0.0.2")))
                .isTrue();
        assertThat(IpAccess.deny("10.0.0.1").allowOthers().allows(IpRange.parseAddress("10.0.0.1")))
                .isFalse();
        assertThat(IpAccess.deny("10.0.0.1").denyOthers().allows(IpRange.parseAddress("10.0.0.2")))
                .isFalse();
    }

    @Test
    void unixSocketsHaveARuleOfTheirOwn() {
        assertThat(IpAccess.allow("unix:").denyOthers().allows(null)).isTrue();
        assertThat(IpAccess.allow("0.0.0.0/0", "::/0").denyOthers().allows(null))
                .isFalse();
        assertThat(IpAccess.allow("unix:").denyOthers().allows(IpRange.parseAddress("::1")))
                .isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "'::ffff:10.0.0.0/104', 10.9.9.9,        true",
        "'::ffff:10.0.0.0/104', ::ffff:10.9.9.9, true",
        "'::ffff:10.0.0.0/104', 11.0.0.1,        false",
        "10.0.0.7,              10.0.0.7,        true",
        "10.0.0.7,              10.0.0.8,        false",
        "10.0.0.9/8,            10.200.0.1,      true",
        "0.0.0.0/0,             2001:db8::1,     false",
        "::/0,                  10.0.0.1,        false",
        "::/0,                  2001:db8::1,     true",
        "2001:db8::/33,         2001:db8:8000::, false",
        "2001:db8::/33,         2001:db8:7fff::, true",
        "10.0.0.128/25,         10.0.0.127,      false",
        "10.0.0.128/25,         10.0.0.128,      true",
    })
    void aBlockHoldsWhatItsBitsSay(String block, String client, boolean held) {
        assertThat(IpAccess.allow(block).denyOthers().allows(IpRange.parseAddress(client)))
                .isEqualTo(held);
        assertThat(IpAccess.deny(block).allowOthers().allows(IpRange.parseAddress(client)))
                .isEqualTo(!held);
    }

    @Test
    void aLaterRuleNeverTakesBackWhatAnEarlierOneSaid() {
        IpAccess allowedFirst = IpAccess.allow("10.0.0.1").deny("10.0.0.0/8").allowOthers();
        IpAccess deniedFirst = IpAccess.deny("10.0.0.0/8").allow("10.0.0.1").allowOthers();

        assertThat(allowedFirst.allows(IpRange.parseAddress("10.0.0.1"))).isTrue();
        assertThat(deniedFirst.allows(IpRange.parseAddress("10.0.0.1"))).isFalse();
    }

    @Test
    void peekingIsTheVerdictItself() {
        RequestHead request = RequestHead.get("/", "h");

        assertThat(OFFICE.peek(request, GivenContext.of(request, "10.2.0.1"))).isEqualTo(Verdict.proceed(request));
        assertThat(OFFICE.peek(request, GivenContext.of(request, "10.1.0.1"))).isInstanceOf(Verdict.Answer.class);
    }

    @Test
    void aRefusedClientGets403() {
        RequestHead request = RequestHead.get("/", "h");

        Verdict refused = OFFICE.onRequest(request, GivenContext.of(request, "127.0.0.1"));
        Verdict letIn = OFFICE.onRequest(request, GivenContext.of(request, "10.0.0.1"));

        assertThat(refused)
                .isInstanceOfSatisfying(
                        Verdict.Answer.class,
                        answer -> assertThat(answer.reply().status()).isEqualTo(403));
        assertThat(letIn).isEqualTo(Verdict.proceed(request));
    }

    @Test
    void eachStepIsAValueOfItsOwn() {
        IpAccess.Rules start = IpAccess.allow("10.0.0.1");

        start.deny("10.0.0.2");

        assertThat(start.allowOthers().allows(IpRange.parseAddress("10.0.0.2"))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "all", "localhost", "10.0.0.0/33", "010.0.0.1"})
    void aRangeThatIsNoneIsRefused(String range) {
        assertThatIllegalArgumentException().isThrownBy(() -> IpAccess.allow(range));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> IpAccess.deny("10.0.0.1").allow(range));
    }

    @Test
    void itShowsItsRules() {
        assertThat(IpAccess.allow("10.0.0.0/8", "unix:").denyOthers())
                .hasToString("IpAccess[allow 10.0.0.0/8, allow unix:] deny others");
        assertThat(OFFICE.name()).isEqualTo("IpAccess");
    }
}
