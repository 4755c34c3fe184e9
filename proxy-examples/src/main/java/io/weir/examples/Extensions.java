package io.weir.examples;

import io.weir.ProxyConfig;
import io.weir.body.BodyTransformer;
import io.weir.body.ResponseTransform;
import io.weir.http.Reply;
import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import io.weir.http.Template;
import io.weir.jetty.JettyProxyServer;
import io.weir.middleware.Middleware;
import io.weir.middleware.RequestContext;
import io.weir.middleware.Verdict;
import io.weir.route.Route;
import io.weir.upstream.BalancingStrategy;
import io.weir.upstream.UpstreamPool;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** The three places where code of your own takes part: middleware, a body on its way, the choice of an upstream. */
public final class Extensions {
    private static final Template WISH = Template.parse("$http_x_canary");

    /** Who sends {@code X-Canary: yes} gets the last upstream of the pool, all others the first that is well. */
    private static final BalancingStrategy CANARY = (group, random) -> (candidates, request) -> {
        int last = candidates.size() - 1;
        if (WISH.render(request).equals("yes") && candidates.isEligible(last)) {
            return last;
        }
        for (int i = 0; i <= last; i++) {
            if (candidates.isEligible(i)) {
                return i;
            }
        }
        return -1; // the next group, or 502
    };

    private Extensions() {}

    /** While {@code closed} is true nobody but {@code /status} is served. */
    public static ProxyConfig config(String stable, String next, AtomicBoolean closed) {
        UpstreamPool app = UpstreamPool.named("app")
                .upstream(stable)
                .upstream(next)
                .balancing(CANARY)
                .build();
        return ProxyConfig.builder()
                .use(new Maintenance(closed))
                .use(Middleware.mapResponse(r -> r.withoutHeader("X-Powered-By")))
                .route(Route.any().transformResponse(new WithoutDigits()).to(app))
                .build();
    }

    /** Runs until interrupted. */
    public static void main(String[] args) {
        ProxyConfig config = config("http://127.0.0.1:3000", "http://127.0.0.1:3001", new AtomicBoolean());
        JettyProxyServer.start(config, Integer.getInteger("port", 8080)).join();
    }

    /** Answers in place of the application. It must not block; {@link Middleware#blocking} is for those that do. */
    private record Maintenance(AtomicBoolean closed) implements Middleware {
        @Override
        public Verdict onRequest(RequestHead request, RequestContext context) {
            return closed.get() && !request.path().equals("/status")
                    ? Verdict.answer(Reply.text(503, "back in a minute"))
                    : Verdict.proceed(request);
        }

        @Override
        public Verdict peek(RequestHead request, RequestContext context) {
            return onRequest(request, context); // changes nothing, so that explain may ask
        }
    }

    /** Puts {@code #} for each digit of a text. */
    private static final class WithoutDigits implements ResponseTransform {
        @Override
        public @Nullable BodyTransformer engage(RequestHead request, ResponseHead response) {
            String type = response.header("Content-Type");
            boolean text = type != null && type.startsWith("text/");
            return text ? WithoutDigits::transform : null; // null: the body passes untouched, at no cost
        }

        @Override
        public boolean reads(String coding) {
            return false; // so the upstream is not asked for gzip
        }

        private static void transform(ByteBuffer chunk, boolean last, BodyTransformer.Output out) {
            ByteBuffer masked = ByteBuffer.allocate(chunk.remaining());
            while (chunk.hasRemaining()) {
                byte b = chunk.get();
                masked.put(b >= '0' && b <= '9' ? (byte) '#' : b);
            }
            out.write(masked.flip());
        }
    }
}
