package io.weir.examples;

import io.weir.ProxyConfig;
import io.weir.body.Buffering;
import io.weir.header.HeaderPolicy;
import io.weir.jetty.JettyProxyServer;
import io.weir.middleware.Access;
import io.weir.middleware.ApiKey;
import io.weir.middleware.BasicAuth;
import io.weir.middleware.IpAccess;
import io.weir.route.Route;
import io.weir.route.Site;
import io.weir.upstream.Timeouts;
import io.weir.upstream.UpstreamPool;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A language model's server for the machines of a network, with a password for people and keys for programs. Tokens come as
 * they are made; who leaves stops the model. Answers: 403 to other networks, 401 without a password, 502 while Ollama is
 * down.
 *
 * <p>It wants two files in the directory where it is started: {@code .ollama_htpasswd}, the users of both sites, and
 * {@code .ollama_keys}, the keys of programs for the site {@code llm.example.com}:
 *
 * <pre>{@code
 * htpasswd -cB .ollama_htpasswd alice
 * key=$(openssl rand -hex 24); echo "reports:$(printf %s "$key" | sha256sum | cut -d' ' -f1)" >> .ollama_keys
 * }</pre>
 */
public final class Ollama {
    private Ollama() {}

    /** {@code users} is a file of Apache's htpasswd, {@code keys} one of {@link ApiKey} hashes. */
    public static ProxyConfig config(String url, Path users, Path keys, String... networks) {
        UpstreamPool ollama = UpstreamPool.of("ollama", url);
        Route toOllama = Route.any()
                .headers(HeaderPolicy.forwarded().host("localhost:11434")) // it answers no other name
                .timeouts(Timeouts.of(Duration.ofSeconds(300), Duration.ofSeconds(600), Duration.ofSeconds(600)))
                .buffering(Buffering.off())
                .to(ollama);

        return ProxyConfig.builder()
                .refuseUnknownHosts() // its own check of the name, which the new Host gets round
                .site(Site.named("ollama.example.com")
                        .use(IpAccess.allow(networks).denyOthers())
                        .use(BasicAuth.realm("Ollama API").htpasswd(users))
                        .route(toOllama))
                .site(Site.named("llm.example.com")
                        .use(IpAccess.allow(networks).denyOthers())
                        .use(Access.any(
                                ApiKey.file(keys), BasicAuth.realm("Ollama API").htpasswd(users)))
                        .route(toOllama))
                .build();
    }

    /** Lets in two private networks and this machine. */
    public static void main(String[] args) {
        ProxyConfig config = config(
                "http://127.0.0.1:11434",
                Path.of(".ollama_htpasswd"),
                Path.of(".ollama_keys"),
                "192.168.1.0/24",
                "10.0.0.0/8",
                "127.0.0.0/8",
                "::1");
        JettyProxyServer.start(config, Integer.getInteger("port", 8080)).join();
    }
}
