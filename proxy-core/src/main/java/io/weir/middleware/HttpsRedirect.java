package io.weir.middleware;

import io.weir.http.Reply;
import io.weir.http.RequestHead;
import java.util.ArrayList;
import java.util.List;

/**
 * Sends clients that came over plain HTTP to the same URL over TLS: 301, or 308 for other methods than GET and HEAD, which
 * must not become a GET.
 *
 * <pre>{@code
 * ProxyConfig.builder().use(HttpsRedirect.except("/.well-known/acme-challenge/"))
 * }</pre>
 *
 * <p>A client that a trusted proxy says came over TLS ({@code X-Forwarded-Proto}) is not redirected. A request without a
 * host gets 400: there is nothing to redirect it to.
 */
public final class HttpsRedirect implements Middleware {
    private static final HttpsRedirect ALWAYS = new HttpsRedirect(List.of(), 443);

    private final List<String> exempt;
    private final int port;

    private HttpsRedirect(List<String> exempt, int port) {
        this.exempt = exempt;
        this.port = port;
    }

    /** Redirects everything. */
    public static HttpsRedirect always() {
        return ALWAYS;
    }

    /**
     * Redirects everything but what lies below those paths: {@code /.well-known/acme-challenge/} for an ACME client that
     * answers over plain HTTP.
     *
     * @throws IllegalArgumentException if one does not start with {@code /}
     */
    public static HttpsRedirect except(String... prefixes) {
        List<String> exempt = new ArrayList<>();
        for (String prefix : prefixes) {
            if (!prefix.startsWith("/")) {
                throw new IllegalArgumentException(
                        "except: \"" + prefix + "\" (expected: a path such as \"/.well-known/acme-challenge/\")");
            }
            exempt.add(prefix);
        }
        return new HttpsRedirect(List.copyOf(exempt), 443);
    }

    /**
     * The same to another port, as clients see it; 443 if not said.
     *
     * @throws IllegalArgumentException if it is not within 1..65535
     */
    public HttpsRedirect toPort(int port) {
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException("toPort: " + port + " (expected: 1..65535)");
        }
        return new HttpsRedirect(exempt, port);
    }

    @Override
    public Verdict onRequest(RequestHead request, RequestContext context) {
        if (context.scheme().equals("https") || isExempt(request.path())) {
            return Verdict.proceed(request);
        }
        String host = request.host();
        if (host.isEmpty()) {
            return Verdict.answer(Reply.status(400).closing());
        }
        boolean reads = request.method().equals("GET") || request.method().equals("HEAD");
        String authority = port == 443 ? host : host + ":" + port;
        return Verdict.answer(Reply.redirect(reads ? 301 : 308, "https://" + authority + request.rawTarget()));
    }

    @Override
    public Verdict peek(RequestHead request, RequestContext context) {
        return onRequest(request, context);
    }

    @Override
    public String name() {
        return "HttpsRedirect";
    }

    private boolean isExempt(String path) {
        for (String prefix : exempt) {
            if (path.startsWith(prefix)) {
                return true;
            }
        }
        return false;
    }
}
