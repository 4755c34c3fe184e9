package io.weir.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SiteLookupTest {
    private static final Table ALL_KINDS = Table.ofSites(
            false,
            Site.unnamed(),
            Site.named("*.example.com"),
            Site.named("exact.example.com"),
            Site.named("*.deep.example.com"),
            Site.named("mail.*"),
            Site.named("mail.example.*"),
            Site.regex("^api[0-9]+[.]"),
            Site.regex("^api1[.]"),
            Site.regex("^CAPITAL"),
            Site.named(".example.org"),
            Site.named("www.example.net", "Two.Example.NET."),
            Site.named("[2001:db8::1]"),
            Site.named("192.0.2.1"));

    @ParameterizedTest
    @CsvSource({
        "exact.example.com,          exact.example.com",
        "EXACT.Example.COM,          exact.example.com",
        "exact.example.com:8080,     exact.example.com",
        "exact.example.com.,         exact.example.com",
        "exact.example.com.:80,      exact.example.com",
        "a.example.com,              *.example.com",
        "a.b.example.com,            *.example.com",
        "example.com,                ''",
        "deep.example.com,           *.example.com",
        "a.deep.example.com,         *.deep.example.com",
        ".example.com,               *.example.com",
        "mail.example.com,           *.example.com",
        "mail.test,                  mail.*",
        "mail.example.de,            mail.example.*",
        "mail.a.b.c,                 mail.*",
        "mail,                       ''",
        "mail.,                      ''",
        "api1.test,                  ~^api[0-9]+[.]",
        "API22.test,                 ~^api[0-9]+[.]",
        "api1.example.com,           *.example.com",
        "capital.test,               ~^CAPITAL",
        "apix.test,                  ''",
        "example.org,                .example.org",
        "a.b.example.org:81,         .example.org",
        "notexample.org,             ''",
        "www.example.net,            www.example.net",
        "two.example.net,            www.example.net",
        "example.net,                ''",
        "[2001:db8::1],              [2001:db8::1]",
        "[2001:DB8::1]:8443,         [2001:db8::1]",
        "[2001:db8::2],              ''",
        "192.0.2.1:80,               192.0.2.1",
        "'',                         ''",
        "unknown.test,               ''",
    })
    void hostsFindTheirSiteAsInNginx(String host, String site) {
        assertThat(ALL_KINDS.siteOf(host)).isEqualTo(site);
    }

    @Test
    void anExactNameWinsOverASuffixOfAnotherSiteWhateverTheOrder() {
        Table table = Table.ofSites(false, Site.named(".example.org"), Site.named("a.example.org"));

        assertThat(table.siteOf("a.example.org")).isEqualTo("a.example.org");
        assertThat(table.siteOf("b.example.org")).isEqualTo(".example.org");
    }

    @Test
    void theUnnamedSiteIsTheDefaultWhereverItStands() {
        Table table = Table.ofSites(true, Site.named("a.test"), Site.unnamed());

        assertThat(table.siteOf("other.test")).isEmpty();
    }

    @Test
    void withoutAnUnnamedSiteTheFirstIsTheDefaultIfSaidSo() {
        Site[] sites = {Site.named("a.test"), Site.named("b.test")};

        assertThat(Table.ofSites(true, sites).siteOf("other.test")).isEqualTo("a.test");
        assertThat(Table.ofSites(false, sites).siteOf("other.test")).isEqualTo(Table.NONE);
    }

    @Test
    void aHostThatIsTooLongForANameIsServedByTheDefaultSite() {
        String longest = "a.".repeat(121) + "example.com";

        assertThat(ALL_KINDS.siteOf(longest)).isEqualTo("*.example.com");
        assertThat(ALL_KINDS.siteOf("a.".repeat(16_000) + "example.com")).isEmpty();
        assertThat(ALL_KINDS.siteOf("api1." + "a".repeat(30_000))).isEmpty();
    }

    @Test
    void aHostOnWhichARegexTakesTooLongIsServedByTheDefaultSite() {
        Table table = Table.ofSites(true, Site.named("a.test"), Site.regex("^(a|aa)+(b\\1)?$"), Site.regex("x"));

        assertThat(table.siteOf("a".repeat(200) + "x")).isEqualTo("a.test");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "a.test:80",
                "*",
                "*.",
                "a.*.test",
                "*a.test",
                "a b",
                "b\u00fccher.test",
                "a/b",
                "..a.test",
                "a..test",
                ".",
                "[::1]:80",
                "[::1",
                "[a]",
                "~a"
            })
    void whatCanBeNoHostIsRefused(String name) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Site.named(name))
                .withMessageContaining("site name: \"" + name + "\" (expected: a.example.com");
    }

    @Test
    void aBrokenRegexIsRefusedWithItsPlace() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Site.regex("a(b"))
                .withMessage("regex \"a(b\": Unclosed group at 3");
    }

    @Test
    void namesAreComparedInOneForm() {
        assertThat(Site.named("A.test.", ".b.test", "Mail.*").orRegex("\\D").nameKeys())
                .containsExactly("a.test", "b.test", "*.b.test", "mail.*", "~\\D");
    }
}
