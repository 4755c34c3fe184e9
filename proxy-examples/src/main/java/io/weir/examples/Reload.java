package io.weir.examples;

import io.weir.ProxyConfig;
import io.weir.jetty.JettyProxyServer;
import io.weir.route.Route;
import io.weir.upstream.UpstreamPool;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Scanner;

/**
 * Another configuration while requests run: {@code nginx -s reload}. What runs ends as it began, what comes next finds the
 * new one; connections, health and counts of the upstreams that stay are kept. One that makes no sense changes nothing.
 */
public final class Reload {
    private Reload() {}

    /** The URLs of that file, one a line, take turns. */
    public static ProxyConfig config(Path upstreams) {
        UpstreamPool.Builder app = UpstreamPool.named("app");
        try {
            Files.readAllLines(upstreams).stream()
                    .filter(line -> !line.isBlank())
                    .forEach(app::upstream);
        } catch (IOException e) {
            throw new UncheckedIOException("can't read " + upstreams, e);
        }
        return ProxyConfig.builder().route(Route.any().to(app.build())).build();
    }

    /** Says what came of it. */
    public static String reload(JettyProxyServer proxy, Path upstreams) {
        try {
            proxy.reload(config(upstreams));
            return "reloaded";
        } catch (RuntimeException e) { // a ConfigException, or what the file is to blame for
            return "not reloaded: " + e.getMessage();
        }
    }

    /** Reloads whenever a line comes in: edit {@code upstreams.txt}, press Enter. */
    public static void main(String[] args) {
        Path upstreams = Path.of(args.length == 0 ? "upstreams.txt" : args[0]);
        try (JettyProxyServer proxy = JettyProxyServer.start(config(upstreams), Integer.getInteger("port", 8080));
                Scanner input = new Scanner(System.in)) {
            System.out.println("at port " + proxy.port());
            while (input.hasNextLine()) {
                input.nextLine();
                System.out.println(reload(proxy, upstreams));
            }
        }
    }
}
