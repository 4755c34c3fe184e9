package io.weir.examples;

import io.weir.ProxyConfig;
import io.weir.body.Compression;
import io.weir.body.Gzipped;
import io.weir.body.SizeLimit;
import io.weir.body.TextReplacement;
import io.weir.jetty.JettyProxyServer;
import io.weir.route.Route;
import io.weir.upstream.UpstreamPool;
import java.nio.ByteBuffer;

/** An application's bodies on their way: links corrected, text compressed, uploads limited. */
public final class Bodies {
    private Bodies() {}

    /** For an application at that URL. */
    public static ProxyConfig config(String upstreamUrl) {
        UpstreamPool app = UpstreamPool.of("app", upstreamUrl);

        return ProxyConfig.builder()
                .compress(Compression.gzip().minBytes(1024))
                .route(Route.prefix("/upload/")
                        .transformRequest(Gzipped.requests(SizeLimit.of(10_000_000)))
                        .to(app))
                .route(Route.exact("/shout")
                        .transformResponse((request, response) -> (chunk, last, out) -> {
                            ByteBuffer louder = ByteBuffer.allocate(chunk.remaining());
                            while (chunk.hasRemaining()) {
                                louder.put((byte) Character.toUpperCase(chunk.get()));
                            }
                            out.write(louder.flip());
                        })
                        .to(app))
                .route(Route.any()
                        .transformResponse(
                                TextReplacement.of("http://app:3000/", "/").types("text/*"))
                        .to(app))
                .build();
    }

    /** Runs until interrupted. */
    public static void main(String[] args) {
        JettyProxyServer.start(config("http://127.0.0.1:3000"), Integer.getInteger("port", 8080))
                .join();
    }
}
