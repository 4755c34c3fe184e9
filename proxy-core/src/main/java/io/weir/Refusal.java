package io.weir;

import io.weir.http.ProxyError;
import io.weir.http.RequestHead;
import io.weir.http.TlsConnection;
import org.jspecify.annotations.Nullable;

/**
 * Why a request is refused before any middleware is asked.
 *
 * @param error what it is called, and its status
 * @param detail for the log
 */
record Refusal(ProxyError error, String detail) {
    /**
     * The first reason there is; null if there is none.
     *
     * @param plan what holds for the request
     * @param hasSite whether a site serves its host
     */
    static @Nullable Refusal of(RequestHead request, RoutePlan plan, boolean hasSite) {
        String problem = request.problem();
        if (problem != null) {
            return new Refusal(ProxyError.BAD_REQUEST, problem);
        }
        if (request.method().equals("CONNECT") || request.method().equals("TRACE")) {
            return new Refusal(ProxyError.METHOD_NOT_ALLOWED, request.method() + " is not for reverse proxies");
        }
        if (plan.upgrades().refuse(request)) {
            return new Refusal(ProxyError.METHOD_NOT_ALLOWED, "no WebSocket over HTTP/2 passes here");
        }
        ProxyError tooLarge = plan.limits().exceededBy(request);
        if (tooLarge != null) {
            return new Refusal(tooLarge, "the request is larger than " + plan.limits());
        }
        TlsConnection tls = request.tls();
        if (tls != null && tls.isMisdirected(request.host())) {
            return new Refusal(ProxyError.MISDIRECTED, "the certificate of this connection is not for this host");
        }
        return hasSite ? null : new Refusal(ProxyError.MISDIRECTED, "no site serves this host");
    }
}
