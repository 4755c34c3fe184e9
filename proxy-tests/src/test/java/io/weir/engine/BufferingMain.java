package io.weir.engine;

import io.weir.ProxyConfig;
import io.weir.body.Buffering;
import io.weir.jetty.JettyProxyServer;
import io.weir.route.Route;
import io.weir.upstream.UpstreamPool;
import java.io.IOException;
import java.nio.file.Path;

/** A proxy in a JVM of its own that buffers both ways in files. Prints its port; ends with its input, or by being killed. */
final class BufferingMain {
    private BufferingMain() {}

    /** The upstream's URL, the directory. */
    public static void main(String[] args) throws IOException {
        Buffering inFiles = Buffering.on(0, 1L << 30).directory(Path.of(args[1]));
        try (JettyProxyServer server = JettyProxyServer.start(
                ProxyConfig.builder()
                        .buffering(inFiles)
                        .requestBuffering(inFiles)
                        .route(Route.any().to(UpstreamPool.of("app", args[0])))
                        .build(),
                0)) {
            System.out.println(server.port());
            while (System.in.read() != -1) {
                // until the test has gone
            }
        }
    }
}
