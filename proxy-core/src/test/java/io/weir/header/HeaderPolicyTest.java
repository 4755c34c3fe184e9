package io.weir.header;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.weir.http.GivenVariables;
import io.weir.http.Headers;
import io.weir.http.Peer;
import io.weir.http.RequestHead;
import java.util.function.Consumer;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HeaderPolicyTest {
    private static final TrustedProxies TRUSTED = TrustedProxies.of("10.0.0.0/8", "unix:");
    private static final String CLIENT = "192.0.2.1";
    private static final String PROXY = "10.0.0.1";

    @Nested
    class Bases {
        @Test
        void theDefaultTellsTheUpstreamWhoTheClientIs() {
            assertThat(sent(HeaderPolicy.inherit(), CLIENT, "Accept", "*/*"))
                    .isEqualTo(Headers.of(
                            "Host", "shop.example:81",
                            "Accept", "*/*",
                            "X-Real-IP", CLIENT,
                            "X-Forwarded-For", CLIENT,
                            "X-Forwarded-Proto", "http",
                            "X-Forwarded-Host", "shop.example:81"));
            assertThat(sent(HeaderPolicy.forwarded(), CLIENT, "Accept", "*/*"))
                    .isEqualTo(sent(HeaderPolicy.inherit(), CLIENT, "Accept", "*/*"));
        }

        @Test
        void noneSendsTheUpstreamsHostAndNothingMore() {
            assertThat(sent(HeaderPolicy.none(), CLIENT, "Accept", "*/*"))
                    .isEqualTo(Headers.of("Host", "app:8080", "Accept", "*/*"));
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "X-Real-IP",
                    "x-forwarded-for",
                    "X-Forwarded-Proto",
                    "X-Forwarded-Host",
                    "X-Forwarded-Port",
                    "X-Forwarded-Prefix",
                    "X-Forwarded-User",
                    "Forwarded",
                    "X_Real_IP",
                    "X_Forwarded_For",
                    "X-Forwarded_Proto"
                })
        void aClientsClaimsGoUnderEveryBase(String name) {
            assertThat(sent(HeaderPolicy.forwarded(), CLIENT, name, "6.6.6.6").toString())
                    .doesNotContain("6.6.6.6");
            assertThat(sent(HeaderPolicy.none(), CLIENT, name, "6.6.6.6")).isEqualTo(Headers.of("Host", "app:8080"));
        }

        @Test
        void claimsPassWhereToldSo() {
            HeaderPolicy nginxWay = HeaderPolicy.none().edited(HeaderPolicy.Builder::passUntrustedForwarding);

            assertThat(nginxWay.passesUntrustedForwarding()).isTrue();
            assertThat(sent(nginxWay, CLIENT, "X-Forwarded-For", "6.6.6.6", "X_Real_IP", "6.6.6.6"))
                    .isEqualTo(Headers.of("Host", "app:8080", "X-Forwarded-For", "6.6.6.6", "X_Real_IP", "6.6.6.6"));
        }

        @Test
        void aTrustedPeerIsBelieved() {
            Headers sent = sent(
                    HeaderPolicy.forwarded(),
                    PROXY,
                    "X-Forwarded-For",
                    "6.6.6.6, 192.0.2.1",
                    "X-Forwarded-Proto",
                    "https",
                    "X-Forwarded-Host",
                    "public.example",
                    "X-Forwarded-Port",
                    "443");

            assertThat(sent.all("X-Real-IP")).containsExactly("192.0.2.1");
            assertThat(sent.all("X-Forwarded-For")).containsExactly("192.0.2.1, 10.0.0.1");
            assertThat(sent.all("X-Forwarded-Proto")).containsExactly("https");
            assertThat(sent.all("X-Forwarded-Host")).containsExactly("public.example");
            assertThat(sent.all("X-Forwarded-Port")).containsExactly("443");
        }

        @Test
        void ofATrustedPeerTheLastValueStays() {
            Headers sent = sent(
                    HeaderPolicy.forwarded(),
                    PROXY,
                    "X-Forwarded-Proto",
                    "http",
                    "x-forwarded-proto",
                    "ftp, https",
                    "X-Forwarded-Host",
                    "spoofed.example, public.example");

            assertThat(sent.all("X-Forwarded-Proto")).containsExactly("https");
            assertThat(sent.all("X-Forwarded-Host")).containsExactly("public.example");
        }

        @Test
        void whatATrustedPeerLeftOutComesFromTheConnection() {
            Headers sent = sent(HeaderPolicy.forwarded(), PROXY, "X-Forwarded-Proto", "", "X-Forwarded-Host", " , ");

            assertThat(sent.all("X-Forwarded-Proto")).containsExactly("http");
            assertThat(sent.all("X-Forwarded-Host")).containsExactly("shop.example:81");
            assertThat(sent.all("X-Forwarded-For")).containsExactly(PROXY);
        }

        @Test
        void aTrustedUnixSocketLeavesTheChainReadable() {
            RequestHead request = request(CLIENT, "X-Forwarded-For", "192.0.2.7").toBuilder()
                    .peer(Peer.unix())
                    .build();

            Headers sent = upstream(HeaderPolicy.forwarded(), request);

            assertThat(sent.get("X-Forwarded-For")).isEqualTo("192.0.2.7");
            assertThat(sent.get("X-Real-IP")).isEqualTo("192.0.2.7");
        }

        @Test
        void aRequestWithoutHostGetsTheUpstreamsAndNoForwardedHost() {
            RequestHead request = RequestHead.builder("GET", "/")
                    .protocol("HTTP/1.0")
                    .peer(CLIENT)
                    .build();

            Headers sent = upstream(HeaderPolicy.forwarded(), request);

            assertThat(sent.all("Host")).containsExactly("app:8080");
            assertThat(sent.contains("X-Forwarded-Host")).isFalse();
        }
    }

    @Nested
    class Sanitising {
        @Test
        void hopByHopFieldsGo() {
            Headers sent = sent(
                    HeaderPolicy.none(),
                    CLIENT,
                    "Connection",
                    "close, X-Custom",
                    "X-Custom",
                    "1",
                    "Keep-Alive",
                    "300",
                    "Upgrade",
                    "h2c",
                    "HTTP2-Settings",
                    "AA",
                    "Transfer-Encoding",
                    "chunked",
                    "Proxy-Authorization",
                    "Basic x",
                    "Trailer",
                    "X-Sum");

            assertThat(sent).isEqualTo(Headers.of("Host", "app:8080", "Trailer", "X-Sum"));
        }

        @ParameterizedTest
        @CsvSource({
            "trailers, true",
            "Trailers, true",
            "'gzip, trailers', true",
            "gzip, false",
            "'', false",
            "xtrailers, false"
        })
        void onlyTrailersOfTePasses(String te, boolean passes) {
            Headers sent = sent(HeaderPolicy.none(), CLIENT, "Connection", "TE", "TE", te);

            assertThat(sent.all("TE")).hasSize(passes ? 1 : 0).allMatch("trailers"::equals);
        }

        @Test
        void severalHostsBecomeOne() {
            assertThat(sent(HeaderPolicy.forwarded(), CLIENT, "host", "evil.example")
                            .all("Host"))
                    .containsExactly("shop.example:81");
        }

        @Test
        void theCookieThatHttp2CutsIsOneAgain() {
            RequestHead request = request(CLIENT, "Cookie", "a=1", "Accept", "*/*", "cookie", "b=2");

            assertThat(upstream(
                            HeaderPolicy.none(),
                            request.toBuilder().protocol("HTTP/2.0").build()))
                    .isEqualTo(Headers.of("Host", "app:8080", "Cookie", "a=1; b=2", "Accept", "*/*"));
            assertThat(upstream(HeaderPolicy.none(), request).all("Cookie")).containsExactly("a=1", "b=2");
        }

        @Test
        void whatWasCheckedComesOutInItsOrderAndCase() {
            assertThat(sent(HeaderPolicy.none(), CLIENT, "aCCept", "a", "X_y", "b", "aCCept", "c"))
                    .isEqualTo(Headers.of("Host", "app:8080", "aCCept", "a", "X_y", "b", "aCCept", "c"));
        }
    }

    @Nested
    class Nominations {
        @ParameterizedTest
        @ValueSource(
                strings = {
                    "Host",
                    "X-Real-IP",
                    "X-Forwarded-For",
                    "X-Forwarded-Proto",
                    "X-Forwarded-Host",
                    "Forwarded",
                    "Via",
                    "X-Set",
                    "X-Added"
                })
        void nothingThatThePolicySetsCanBeNominatedAway(String name) {
            HeaderPolicy policy = HeaderPolicy.forwarded()
                    .edited(p -> p.via()
                            .forwardedField()
                            .request()
                            .set("X-Set", "ours")
                            .add("X-Added", "ours"));

            Headers plain = sent(policy, CLIENT);
            Headers attacked = sent(policy, CLIENT, "Connection", "close, " + name, "connection", name);

            assertThat(attacked).isEqualTo(plain);
        }

        @ParameterizedTest
        @ValueSource(strings = {"Authorization", "Cookie", "Content-Type"})
        void whatProvesIdentityOrDescribesTheBodyStays(String name) {
            assertThat(sent(HeaderPolicy.none(), CLIENT, "Connection", name, name, "1")
                            .get(name))
                    .isEqualTo("1");
        }

        @Test
        void theLengthIsShownToMiddlewareAndLeftToTheEngine() {
            RequestHead asSent = request(CLIENT, "Connection", "Content-Length", "Content-Length", "1");
            Forwarding forwarding = TRUSTED.resolve(asSent);

            assertThat(HeaderPolicy.none().sanitised(asSent, forwarding).header("Content-Length"))
                    .isEqualTo("1");
            assertThat(sent(HeaderPolicy.none(), CLIENT, "Content-Length", "1").contains("Content-Length"))
                    .isFalse();
        }

        @Test
        void whatMiddlewareSetsCanNeitherBeNominatedAwayNorTakenForAClaim() {
            RequestHead asSent =
                    request(CLIENT, "Connection", "X-User", "X-User", "admin", "X-Forwarded-Prefix", "/spoofed");
            Forwarding forwarding = TRUSTED.resolve(asSent);
            HeaderPolicy policy = HeaderPolicy.forwarded();

            RequestHead seen = policy.sanitised(asSent, forwarding);
            RequestHead changed = seen.withHeader("X-User", "alice").withHeader("X-Forwarded-Prefix", "/shop");
            Headers sent = policy.toUpstreamAfterMiddleware(changed, forwarding, GivenVariables.of(asSent));

            assertThat(seen.headers()).isEqualTo(Headers.of("Host", "shop.example:81"));
            assertThat(sent.all("X-User")).containsExactly("alice");
            assertThat(sent.all("X-Forwarded-Prefix")).containsExactly("/shop");
            assertThat(sent.all("X-Real-IP")).containsExactly(CLIENT);
            assertThat(sent.contains("Connection")).isFalse();
        }

        @Test
        void withoutChangesBothWaysSendTheSame() {
            RequestHead asSent = request(
                    CLIENT,
                    "TE",
                    "trailers",
                    "Connection",
                    "TE, X-Drop",
                    "X-Drop",
                    "1",
                    "X-Real-IP",
                    "6.6.6.6",
                    "Accept",
                    "*/*");
            Forwarding forwarding = TRUSTED.resolve(asSent);
            HeaderPolicy policy =
                    HeaderPolicy.forwarded().edited(p -> p.via().request().set("X-Uri", "$request_uri"));
            GivenVariables given = GivenVariables.of(asSent);

            assertThat(policy.toUpstreamAfterMiddleware(policy.sanitised(asSent, forwarding), forwarding, given))
                    .isEqualTo(policy.toUpstream(asSent, forwarding, given));
        }

        @Test
        void middlewareCannotBringBackTheConnectionsFields() {
            RequestHead changed =
                    request(CLIENT).withHeader("Connection", "upgrade").withHeader("Upgrade", "h2c");

            Headers sent = HeaderPolicy.none()
                    .toUpstreamAfterMiddleware(changed, TRUSTED.resolve(changed), GivenVariables.of(changed));

            assertThat(sent).isEqualTo(Headers.of("Host", "app:8080"));
        }
    }

    @Nested
    class RequestEdits {
        @Test
        void theTutorialsFourLinesGiveTheTutorialsValues() {
            HeaderPolicy policy = HeaderPolicy.none()
                    .edited(p -> p.request()
                            .set("Host", "$host")
                            .set("X-Real-IP", "$remote_addr")
                            .set("X-Forwarded-For", "$proxy_add_x_forwarded_for")
                            .set("X-Forwarded-Proto", "$scheme"));

            assertThat(sent(policy, CLIENT, "X-Forwarded-For", "6.6.6.6"))
                    .isEqualTo(Headers.of(
                            "Host", "shop.example",
                            "X-Real-IP", "192.0.2.9",
                            "X-Forwarded-For", "192.0.2.9, 10.0.0.1",
                            "X-Forwarded-Proto", "http"));
        }

        @Test
        void setLeavesOneLineHoweverManyTheClientSent() {
            HeaderPolicy policy = edits(p -> p.request().set("X-Role", "guest"));

            Headers sent = sent(policy, CLIENT, "x-role", "admin", "X-ROLE", "root", "X_Role", "wsgi");

            assertThat(sent).isEqualTo(Headers.of("Host", "app:8080", "X-Role", "guest"));
        }

        @Test
        void addAppends() {
            assertThat(sent(edits(p -> p.request().add("X-A", "2")), CLIENT, "X-A", "1")
                            .all("X-A"))
                    .containsExactly("1", "2");
        }

        @Test
        void removeTakesEverySpelling() {
            assertThat(sent(edits(p -> p.request().remove("X-Debug")), CLIENT, "x-debug", "1", "X_DEBUG", "1"))
                    .isEqualTo(Headers.of("Host", "app:8080"));
        }

        @Test
        void aValueThatRendersAsNothingRemovesTheField() {
            assertThat(sent(edits(p -> p.request().set("Accept-Encoding", "")), CLIENT, "Accept-Encoding", "gzip"))
                    .isEqualTo(Headers.of("Host", "app:8080"));
            assertThat(sent(
                            edits(p -> p.request().set("X-Arg", "$arg_none").add("X-B", "$arg_none")),
                            CLIENT,
                            "X-Arg",
                            "1"))
                    .isEqualTo(Headers.of("Host", "app:8080"));
        }

        @Test
        void editsAreMadeInOrderAndHaveTheLastWord() {
            HeaderPolicy policy = HeaderPolicy.forwarded()
                    .edited(p -> p.request()
                            .remove("X-Forwarded-Host")
                            .set("X-Real-IP", "$http_cf_connecting_ip")
                            .set("X-A", "1")
                            .remove("X-A")
                            .add("X-A", "2"));

            Headers sent = sent(policy, CLIENT, "CF-Connecting-IP", "192.0.2.200");

            assertThat(sent.contains("X-Forwarded-Host")).isFalse();
            assertThat(sent.all("X-Real-IP")).containsExactly("192.0.2.200");
            assertThat(sent.all("X-A")).containsExactly("2");
        }

        @Test
        void hostIsOverridden() {
            assertThat(sent(HeaderPolicy.forwarded().host("localhost:11434"), CLIENT)
                            .all("Host"))
                    .containsExactly("localhost:11434");
            assertThat(sent(HeaderPolicy.forwarded().host("$proxy_host"), CLIENT)
                            .get("Host"))
                    .isEqualTo("app:8080");
            assertThat(sent(HeaderPolicy.none().host("$http_host"), CLIENT).get("Host"))
                    .isEqualTo("shop.example:81");
        }

        @Test
        void aHostThatRendersAsNothingIsTheUpstreams() {
            assertThat(sent(HeaderPolicy.forwarded().host("$http_x_tenant"), CLIENT)
                            .all("Host"))
                    .containsExactly("app:8080");
        }

        @Test
        void hostCanOnlyBeSet() {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> edits(p -> p.request().add("host", "a")));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> edits(p -> p.request().remove("HOST")));
        }
    }

    @Nested
    class ViaAndForwarded {
        @ParameterizedTest
        @CsvSource({"HTTP/1.0, 1.0 weir", "HTTP/1.1, 1.1 weir", "HTTP/2.0, 2 weir"})
        void viaNamesTheProtocolThatTheClientSpoke(String protocol, String via) {
            RequestHead request = request(CLIENT).toBuilder().protocol(protocol).build();

            assertThat(upstream(edits(HeaderPolicy.Builder::via), request).get("Via"))
                    .isEqualTo(via);
        }

        @Test
        void viaIsAppended() {
            HeaderPolicy policy = edits(HeaderPolicy.Builder::via);

            assertThat(sent(policy, CLIENT, "Via", "1.0 a", "via", "1.1 b").joined("Via"))
                    .isEqualTo("1.0 a, 1.1 b, 1.1 weir");
            assertThat(delivered(policy, 200, "Via", "1.1 b").joined("Via")).isEqualTo("1.1 b, 1.1 weir");
            assertThat(delivered(policy, 404).joined("Via")).isEqualTo("1.1 weir");
        }

        @Test
        void forwardedQuotesWhatIsNoToken() {
            HeaderPolicy policy = edits(HeaderPolicy.Builder::forwardedField);
            RequestHead v6 = RequestHead.get("/", "a\\\"b").toBuilder()
                    .peer("2001:db8::1")
                    .scheme("https")
                    .build();

            assertThat(sent(policy, CLIENT).get("Forwarded"))
                    .isEqualTo("for=192.0.2.1;host=\"shop.example:81\";proto=http");
            assertThat(upstream(policy, v6).get("Forwarded"))
                    .isEqualTo("for=\"[2001:db8::1]\";host=\"a\\\\\\\"b\";proto=https");
        }

        @Test
        void forwardedIsAppendedOnlyToWhatATrustedPeerSent() {
            HeaderPolicy policy = edits(HeaderPolicy.Builder::forwardedField);

            assertThat(sent(policy, PROXY, "Forwarded", "for=192.0.2.1").get("Forwarded"))
                    .isEqualTo("for=192.0.2.1, for=10.0.0.1;host=\"shop.example:81\";proto=http");
            assertThat(sent(policy, CLIENT, "Forwarded", "for=6.6.6.6").get("Forwarded"))
                    .isEqualTo("for=192.0.2.1;host=\"shop.example:81\";proto=http");
        }

        @Test
        void aUnixSocketIsUnknown() {
            RequestHead request = request(CLIENT).toBuilder().peer(Peer.unix()).build();

            assertThat(upstream(edits(HeaderPolicy.Builder::forwardedField), request)
                            .get("Forwarded"))
                    .startsWith("for=unknown;");
        }
    }

    @Nested
    class Responses {
        @Test
        void hopByHopAndNominatedAndAccelFieldsGo() {
            Headers delivered = delivered(
                    HeaderPolicy.inherit(),
                    200,
                    "Connection",
                    "close, X-Nom",
                    "X-Nom",
                    "1",
                    "X-Accel-Buffering",
                    "no",
                    "x-accel-redirect",
                    "/secret",
                    "Proxy-Authenticate",
                    "Basic",
                    "Server",
                    "app",
                    "Set-Cookie",
                    "a=1",
                    "Set-Cookie",
                    "b=2");

            assertThat(delivered).isEqualTo(Headers.of("Server", "app", "Set-Cookie", "a=1", "Set-Cookie", "b=2"));
        }

        @ParameterizedTest
        @CsvSource({
            "200, true",
            "201, true",
            "202, false",
            "204, true",
            "206, true",
            "300, false",
            "301, true",
            "302, true",
            "303, true",
            "304, true",
            "305, false",
            "307, true",
            "308, true",
            "400, false",
            "404, false",
            "500, false",
            "502, false"
        })
        void editsHoldOnNginxAddHeaderStatuses(int status, boolean holds) {
            HeaderPolicy policy = edits(p -> p.response().set("X-A", "1").add("X-B", "2"));

            assertThat(delivered(policy, status))
                    .isEqualTo(holds ? Headers.of("X-A", "1", "X-B", "2") : Headers.empty());
        }

        @ParameterizedTest
        @ValueSource(ints = {101, 200, 202, 404, 500, 599})
        void alwaysHoldsOnEveryFinalStatus(int status) {
            assertThat(delivered(edits(p -> p.response().always().set("X-A", "$host")), status))
                    .isEqualTo(Headers.of("X-A", "shop.example"));
        }

        @ParameterizedTest
        @ValueSource(ints = {100, 102, 103})
        void interimResponsesLoseFieldsButGainNone(int status) {
            HeaderPolicy policy =
                    edits(p -> p.response().always().set("X-A", "1").remove("Server"));

            assertThat(delivered(policy, status, "Server", "app", "Link", "</a>"))
                    .isEqualTo(Headers.of("Link", "</a>"));
        }

        @Test
        void onStatusHoldsOnThoseOnly() {
            HeaderPolicy policy =
                    edits(p -> p.response().onStatus(404, 410).set("X-A", "1").remove("X-B"));

            assertThat(delivered(policy, 404, "X-B", "2")).isEqualTo(Headers.of("X-A", "1"));
            assertThat(delivered(policy, 410, "X-B", "2")).isEqualTo(Headers.of("X-A", "1"));
            assertThat(delivered(policy, 200, "X-B", "2")).isEqualTo(Headers.of("X-B", "2"));
        }

        @Test
        void onStatusWantsStatuses() {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> HeaderPolicy.builder().response().onStatus());
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> HeaderPolicy.builder().response().onStatus(200, 42));
        }

        @ParameterizedTest
        @ValueSource(ints = {200, 404, 502})
        void removeHoldsOnEveryStatus(int status) {
            assertThat(delivered(edits(p -> p.response().remove("server")), status, "Server", "a", "SERVER", "b"))
                    .isEqualTo(Headers.empty());
        }

        @Test
        void setReplacesWhatTheUpstreamSentAndAddDoesNot() {
            HeaderPolicy policy =
                    edits(p -> p.response().set("Cache-Control", "no-store").add("Vary", "Accept"));

            assertThat(delivered(policy, 200, "cache-control", "public", "Vary", "Origin"))
                    .isEqualTo(Headers.of("Cache-Control", "no-store", "Vary", "Origin", "Vary", "Accept"));
        }

        @Test
        void ourOwnRepliesAreEditedToo() {
            HeaderPolicy policy =
                    edits(p -> p.response().set("X-A", "1").always().set("X-B", "2"));
            Headers own = Headers.of("Content-Type", "text/plain");
            GivenVariables given = GivenVariables.of(request(CLIENT));

            assertThat(policy.onReply(404, own, given)).isEqualTo(own.with("X-B", "2"));
            assertThat(policy.onReply(200, own, given))
                    .isEqualTo(own.with("X-A", "1").with("X-B", "2"));
            assertThat(HeaderPolicy.inherit().onReply(404, own, given)).isSameAs(own);
        }
    }

    @Nested
    class Merging {
        private final HeaderPolicy proxy =
                edits(p -> p.host("proxy.test").via().response().always().set("X-Level", "proxy"));
        private final HeaderPolicy site = HeaderPolicy.inherit()
                .edited(p -> p.request().set("X-Site", "1").set("X-Who", "site"));
        private final HeaderPolicy route =
                HeaderPolicy.inherit().edited(p -> p.request().set("X-Who", "route"));

        @Test
        void levelsAddUpAndTheLowestHasTheLastWord() {
            HeaderPolicy merged = route.below(site.below(proxy));

            assertThat(sent(merged, CLIENT))
                    .isEqualTo(Headers.of("Host", "proxy.test", "Via", "1.1 weir", "X-Site", "1", "X-Who", "route"));
            assertThat(delivered(merged, 500).get("X-Level")).isEqualTo("proxy");
        }

        @Test
        void mergingInAnyGroupingIsTheSame() {
            assertThat(sent(route.below(site).below(proxy), CLIENT))
                    .isEqualTo(sent(route.below(site.below(proxy)), CLIENT));
        }

        @Test
        void namingABaseDropsWhatWasInherited() {
            assertThat(sent(HeaderPolicy.none().below(site.below(proxy)), CLIENT))
                    .isEqualTo(Headers.of("Host", "app:8080"));
            assertThat(delivered(HeaderPolicy.forwarded().below(proxy), 500)).isEqualTo(Headers.empty());
        }

        @Test
        void inheritChangesNothing() {
            assertThat(HeaderPolicy.inherit().below(proxy)).isSameAs(proxy);
            assertThat(proxy.below(HeaderPolicy.inherit())).isSameAs(proxy);
        }

        @Test
        void theLowerHostWins() {
            assertThat(sent(HeaderPolicy.inherit().host("route.test").below(proxy), CLIENT)
                            .get("Host"))
                    .isEqualTo("route.test");
        }

        @Test
        void aBuilderDoesNotReachBackIntoThePolicyItMade() {
            HeaderPolicy.Builder builder = HeaderPolicy.builder().none();
            HeaderPolicy made = builder.build();

            builder.request().set("X-Late", "1");

            assertThat(sent(made, CLIENT).contains("X-Late")).isFalse();
        }
    }

    @Nested
    class Mistakes {
        @ParameterizedTest
        @ValueSource(
                strings = {
                    "Connection",
                    "upgrade",
                    "Transfer-Encoding",
                    "TE",
                    "Keep-Alive",
                    "Content-Length",
                    "Proxy-Connection"
                })
        void framingIsTheProxysOwn(String name) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> edits(p -> p.request().set(name, "1")))
                    .withMessageContaining("header " + name + " is set by the proxy itself: drop this line");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> edits(p -> p.response().add(name, "1")));
        }

        @Test
        void aLengthCannotBeRemovedButWhatNeverPassesMayBe() {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> edits(p -> p.response().remove("Content-Length")));
            assertThat(sent(edits(p -> p.request().remove("Connection")), CLIENT))
                    .isEqualTo(Headers.of("Host", "app:8080"));
        }

        @ParameterizedTest
        @ValueSource(strings = {"", "X Y", "X:", "X\r\nY", "\u00DC"})
        void aNameIsAToken(String name) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> edits(p -> p.request().remove(name)))
                    .withMessageMatching("header name: \"[ -~]*\" \\(expected: a token\\)");
        }

        @ParameterizedTest
        @ValueSource(strings = {"a\r\nb", "\u20AC", "$nothing", "$"})
        void aValueIsRefusedAtOnce(String value) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> edits(p -> p.request().set("X", value)));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> edits(p -> p.response().set("X", value)));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> HeaderPolicy.forwarded().host(value));
        }

        @Test
        void aValueThatOnlyTheRequestMakesDangerousIsNeverSent() {
            HeaderPolicy policy = edits(p -> p.request().set("X-User", "$remote_user"));
            RequestHead request = request(CLIENT);
            GivenVariables given = GivenVariables.of(request).with("remote_user", "a\r\nX-Admin: 1");

            assertThatIllegalArgumentException()
                    .isThrownBy(() -> policy.toUpstream(request, TRUSTED.resolve(request), given))
                    .withMessageContaining("header X-User");
        }
    }

    private static HeaderPolicy edits(Consumer<HeaderPolicy.Builder> edits) {
        return HeaderPolicy.none().edited(edits);
    }

    private static RequestHead request(String peer, String... fields) {
        Headers.Builder headers = Headers.builder().add("Host", "shop.example:81");
        for (int i = 0; i < fields.length; i += 2) {
            headers.add(fields[i], fields[i + 1]);
        }
        return RequestHead.builder("GET", "/a?b")
                .headers(headers.build())
                .peer(peer)
                .build();
    }

    private static Headers sent(HeaderPolicy policy, String peer, String... fields) {
        return upstream(policy, request(peer, fields));
    }

    private static Headers upstream(HeaderPolicy policy, RequestHead request) {
        return policy.toUpstream(request, TRUSTED.resolve(request), GivenVariables.of(request));
    }

    private static Headers delivered(HeaderPolicy policy, int status, String... fields) {
        return policy.toClient(status, Headers.of(fields), GivenVariables.of(request(CLIENT)));
    }
}
