package io.weir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.body.BodyException;
import io.weir.body.BodyTransformer;
import io.weir.body.Compression;
import io.weir.body.Gzipped;
import io.weir.body.ResponseTransform;
import io.weir.body.SizeLimit;
import io.weir.body.Tee;
import io.weir.body.TextReplacement;
import io.weir.http.Headers;
import io.weir.http.ProxyError;
import io.weir.http.Reply;
import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import io.weir.middleware.Middleware;
import io.weir.route.Route;
import io.weir.route.Site;
import io.weir.upstream.UpstreamPool;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What of bodies is engaged when, and what heads say of it. */
class BodyPlanTest {
    private static final RequestHead GET = RequestHead.builder("GET", "/")
            .header("Host", "a.test")
            .header("Accept-Encoding", "gzip, br")
            .build();
    private static final ResponseHead HTML = ResponseHead.of(
            200, "Content-Type", "text/html", "Content-Length", "1000", "ETag", "\"a\"", "Accept-Ranges", "bytes");
    private static final ResponseTransform REPLACING = TextReplacement.of("a", "b");

    private final AtomicInteger made = new AtomicInteger();
    private final AtomicInteger closed = new AtomicInteger();

    @Test
    void aRouteThatDoesNothingToBodiesHasNoPlan() {
        Exchange exchange = routed(route -> route).open(GET);
        Attempt attempt = Bench.forwarded(exchange.begin(0));

        attempt.bodyFollows();

        assertThat(attempt.bodyChain()).isNull();
        assertThat(Bench.delivered(attempt.answered(HTML, 1))).isEqualTo(HTML);
        assertThat(exchange.bodyChain()).isNull();
    }

    @Test
    void aTransformedResponseSaysNothingOfTheBytesThatWere() {
        Exchange exchange = routed(route -> route.transformResponse(REPLACING)).open(GET);

        ResponseHead head = Bench.delivered(attempt(exchange).answered(HTML, 1));

        assertThat(head).isEqualTo(ResponseHead.of(200, "Content-Type", "text/html", "ETag", "W/\"a\""));
        assertThat(exchange.bodyChain()).isNotNull();
    }

    @Test
    void theUpstreamIsAskedForWhatCanBeRead() {
        assertThat(attempt(routed(route -> route.transformResponse(REPLACING)).open(GET))
                        .headers()
                        .get("Accept-Encoding"))
                .isEqualTo("identity");
        assertThat(attempt(routed(route -> route.transformResponse(Gzipped.responses(REPLACING)))
                                .open(GET))
                        .headers()
                        .get("Accept-Encoding"))
                .isEqualTo("gzip");
    }

    @Test
    void oneThatDeclinesChangesNothing() {
        Exchange exchange = routed(route -> route.transformResponse(REPLACING)).open(GET);
        ResponseHead image = HTML.withHeader("Content-Type", "image/png");

        assertThat(Bench.delivered(attempt(exchange).answered(image, 1))).isEqualTo(image);
        assertThat(exchange.bodyChain()).isNull();
    }

    @Test
    void oneThatKeepsTheBytesKeepsTheFields() {
        Exchange exchange = routed(route -> route.transformResponse(SizeLimit.of(1000))
                        .transformResponse(Tee.responses((request, response) -> (copy, last) -> {})))
                .open(GET);

        assertThat(Bench.delivered(attempt(exchange).answered(HTML, 1))).isEqualTo(HTML);
        assertThat(exchange.bodyChain()).isNotNull();
    }

    @Test
    void aTransformSeesTheHeadAsTheOneBeforeLeftItAndMayChangeIt() {
        Exchange exchange = routed(route -> route.transformResponse((request, response) -> counted())
                        .transformResponse((request, response) ->
                                "x/counted".equals(response.header("Content-Type")) ? counted() : null)
                        .transformResponse(REPLACING))
                .open(GET);

        ResponseHead head = Bench.delivered(attempt(exchange).answered(HTML, 1));

        assertThat(head.header("Content-Type")).isEqualTo("x/counted");
        assertThat(made).hasValue(2);
        exchange.finished(0, 2);
        assertThat(closed).hasValue(2);
    }

    @Test
    void headSaysWhatGetWouldButHasNothingAtWork() {
        Exchange exchange = routed(route -> route.transformResponse((request, response) -> counted())
                        .compress(Compression.gzip().types("x/counted")))
                .open(GET.toBuilder().method("HEAD").build());

        ResponseHead head = Bench.delivered(attempt(exchange).answered(HTML, 1));

        assertThat(head.headers().contains("Content-Length")).isFalse();
        assertThat(head.header("Content-Encoding")).isEqualTo("gzip");
        assertThat(exchange.bodyChain()).isNull();
        assertThat(closed).hasValue(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {204, 206})
    void whatHasNoWholeBodyIsLeftAlone(int status) {
        Exchange exchange = routed(route -> route.transformResponse((request, response) -> counted())
                        .compress(Compression.gzip()))
                .open(GET);
        ResponseHead head = HTML.withStatus(status);

        assertThat(Bench.delivered(attempt(exchange).answered(head, 1))).isEqualTo(head);
        assertThat(made).hasValue(0);
    }

    @Test
    void aNotModifiedSpeaksOfWhatWasSentThen() {
        ResponseHead head = ResponseHead.of(304, "ETag", "\"a\"");

        assertThat(Bench.delivered(attempt(routed(route -> route.transformResponse(REPLACING))
                                .open(GET))
                        .answered(head, 1)))
                .isEqualTo(ResponseHead.of(304, "ETag", "W/\"a\""));
        assertThat(Bench.delivered(attempt(routed(route -> route.compress(Compression.gzip()))
                                .open(GET))
                        .answered(head, 1)))
                .isEqualTo(ResponseHead.of(304, "ETag", "W/\"a\"", "Vary", "Accept-Encoding"));
        assertThat(Bench.delivered(attempt(routed(route -> route.compress(Compression.gzip()))
                                .open(GET.withoutHeader("Accept-Encoding")))
                        .answered(head, 1)))
                .isEqualTo(ResponseHead.of(304, "ETag", "\"a\"", "Vary", "Accept-Encoding"));
    }

    @Test
    void whatIsCompressedSaysSoAndWhatCouldBeSaysVary() {
        Bench bench = routed(route -> route.compress(Compression.gzip()));

        Exchange compressed = bench.open(GET);
        assertThat(Bench.delivered(attempt(compressed).answered(HTML, 1)).headers())
                .isEqualTo(Headers.of(
                        "Content-Type",
                        "text/html",
                        "ETag",
                        "W/\"a\"",
                        "Vary",
                        "Accept-Encoding",
                        "Content-Encoding",
                        "gzip"));
        assertThat(compressed.bodyChain()).isNotNull();

        Exchange plain = bench.open(GET.withoutHeader("Accept-Encoding"));
        assertThat(Bench.delivered(attempt(plain).answered(HTML, 1)))
                .isEqualTo(new ResponseHead(
                        200,
                        HTML.headers().toBuilder()
                                .add("Vary", "Accept-Encoding")
                                .build()));
        assertThat(plain.bodyChain()).isNull();
    }

    @Test
    void whatTheUpstreamCompressedPasses() {
        Exchange exchange = routed(route -> route.compress(Compression.gzip())).open(GET);
        ResponseHead head = HTML.withHeader("Content-Encoding", "br");
        Attempt attempt = attempt(exchange);

        assertThat(attempt.headers().get("Accept-Encoding")).isEqualTo("gzip, br");
        assertThat(Bench.delivered(attempt.answered(head, 1))).isEqualTo(head);
    }

    @Test
    void theNearestWordOnCompressionHolds() {
        UpstreamPool pool = UpstreamPool.of("app", "http://a");
        Bench bench = Bench.of(ProxyConfig.builder()
                .compress(Compression.gzip())
                .site(Site.named("off.test")
                        .compress(Compression.off())
                        .route(Route.exact("/on").compress(Compression.gzip()).to(pool))
                        .route(Route.any().to(pool)))
                .route(Route.any().to(pool)));

        assertThat(coding(bench, "a.test", "/")).isEqualTo("gzip");
        assertThat(coding(bench, "off.test", "/")).isNull();
        assertThat(coding(bench, "off.test", "/on")).isEqualTo("gzip");
    }

    @Test
    void middlewareAndHeaderEditsHaveTheirSayFirst() {
        UpstreamPool pool = UpstreamPool.of("app", "http://a");
        Bench bench = Bench.of(ProxyConfig.builder()
                .compress(Compression.gzip())
                .use(Middleware.mapResponse(response -> response.withHeader("Cache-Control", "no-transform")))
                .route(Route.any().to(pool)));

        assertThat(coding(bench, "a.test", "/")).isNull();
    }

    @Test
    void aResponseThatMustNotGoOnIsA502() {
        Bench bench = routed(route ->
                route.transformResponse((request, response) -> counted()).transformResponse(SizeLimit.of(999)));
        Exchange exchange = bench.open(GET);

        Reply reply = Bench.answered(attempt(exchange).answered(HTML, 1));
        exchange.finished(0, 2);

        assertThat(reply.status()).isEqualTo(502);
        assertThat(bench.summary().outcome().error()).isEqualTo(ProxyError.RESPONSE_BODY_TOO_LARGE);
        assertThat(bench.userCodeFailures).isEmpty();
        assertThat(closed).as("the one that was made already").hasValue(1);
        assertThat(bench.inFlight("http://a")).isZero();
        assertThat(bench.health).isEmpty();
    }

    @Test
    void aTransformThatThrowsIsA502AndIsLogged() {
        Bench bench = routed(route -> route.transformResponse((request, response) -> {
            throw new IllegalStateException("mistaken");
        }));
        Exchange exchange = bench.open(GET);

        assertThat(Bench.answered(attempt(exchange).answered(HTML, 1)).status()).isEqualTo(502);
        assertThat(bench.userCodeFailures).containsExactly("response transform of route \"prefix /\": mistaken");
    }

    @Test
    void aTransformerThatFailsBeforeTheHeadHasLeftIsA502AndAnAbortAfterwards() {
        Bench bench = routed(route -> route.transformResponse(REPLACING));
        BodyException failure = new BodyException(ProxyError.TRANSFORM_FAILED, "no good");

        Exchange early = bench.open(GET);
        attempt(early).answered(HTML, 1);
        Reply reply = Bench.answered(early.bodyFailed(failure, true, 2));
        early.finished(0, 3);

        assertThat(reply.status()).isEqualTo(502);
        assertThat(bench.summary().outcome().error()).isEqualTo(ProxyError.TRANSFORM_FAILED);
        assertThat(bench.summary().outcome().status()).isEqualTo(502);

        Exchange late = bench.open(GET);
        attempt(late).answered(HTML, 1);
        assertThat(late.bodyFailed(failure, false, 2)).isEqualTo(new Decision.Abort(ProxyError.TRANSFORM_FAILED));
        late.finished(0, 3);
        assertThat(late.bodyFailed(failure, true, 4)).isInstanceOf(Decision.Nothing.class);
        assertThat(bench.inFlight("http://a")).isZero();
    }

    @Test
    void eachAttemptHasATransformerOfItsOwn() throws IOException {
        UpstreamPool pool = UpstreamPool.of("app", "http://a", "http://b");
        Bench bench = Bench.of(ProxyConfig.builder()
                .route(Route.any().transformRequest(request -> counted()).to(pool)));
        Exchange exchange = bench.open(RequestHead.builder("PUT", "/")
                .header("Host", "a.test")
                .header("Content-MD5", "x")
                .build());

        Attempt first = Bench.forwarded(exchange.begin(0));
        first.bodyFollows();
        assertThat(first.headers().contains("Content-MD5")).isFalse();
        assertThat(first.headers().get("Content-Type")).isEqualTo("x/counted");
        assertThat(first.bodyChain()).isNotNull();
        Attempt second = Bench.forwarded(first.failed(Failures.refused(), 1));
        assertThat(closed).hasValue(1);
        assertThat(second.bodyChain()).isNull();
        second.bodyFollows();
        assertThat(second.bodyChain()).isNotNull().isNotSameAs(first.bodyChain());
        second.answered(HTML, 2);
        second.finished(3);

        assertThat(made).hasValue(2);
        assertThat(closed).hasValue(2);
    }

    @Test
    void aRequestThatMustNotGoOnFailsWhenItsBodyIsRead() {
        Bench bench = routed(route -> route.transformRequest(SizeLimit.of(9)));
        Attempt attempt = attempt(bench.open(GET.withHeader("Content-Length", "10")));

        attempt.bodyFollows();

        assertThatThrownBy(() -> attempt.bodyChain().next())
                .isInstanceOfSatisfying(
                        BodyException.class, e -> assertThat(e.error()).isEqualTo(ProxyError.BODY_TOO_LARGE));
    }

    @Test
    void aRouteWithoutAPoolHasNoBodies() {
        assertThatThrownBy(() -> ProxyConfig.builder()
                        .route(Route.any().compress(Compression.gzip()).answer(Reply.text(200, "x")))
                        .build())
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("no body to transform or compress; drop that or use to(pool)");
    }

    private static Bench routed(UnaryOperator<Route.Draft> bodies) {
        return Bench.of(ProxyConfig.builder().route(bodies.apply(Route.any()).to(UpstreamPool.of("app", "http://a"))));
    }

    private static Attempt attempt(Exchange exchange) {
        return Bench.forwarded(exchange.begin(0));
    }

    private static String coding(Bench bench, String host, String path) {
        Exchange exchange = bench.open(GET.toBuilder().target(path).build().withHeader("Host", host));
        return Bench.delivered(attempt(exchange).answered(HTML, 1)).header("Content-Encoding");
    }

    private BodyTransformer counted() {
        made.incrementAndGet();
        return new BodyTransformer() {
            @Override
            public void transform(ByteBuffer chunk, boolean last, Output out) {
                out.write(chunk);
            }

            @Override
            public Headers fields(Headers fields) {
                return fields.with("Content-Type", "x/counted");
            }

            @Override
            public void close() {
                closed.incrementAndGet();
            }
        };
    }
}
