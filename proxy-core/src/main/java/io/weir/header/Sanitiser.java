package io.weir.header;

import io.weir.http.Headers;
import io.weir.http.RequestHead;
import io.weir.http.Tokens;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Copies the fields of a client's request that may go on: without those of the connection, without claims that nobody
 * trusted vouches for.
 *
 * <p>A field that differs from a forwarding field, or from one that the policy sets or removes, only by {@code _} for
 * {@code -} is dropped as well: behind CGI, WSGI and PHP {@code X_Real_IP} and {@code X-Real-IP} are one variable.
 */
final class Sanitiser {
    private Sanitiser() {}

    /**
     * Copies from a request as the client sent it; {@code Host} and {@code Content-Length}, which are written anew for an
     * upstream, only if {@code forMiddleware}. Forwarding fields go unless {@code claimsOf} vouches for them; all pass if
     * it is null.
     */
    static void copy(
            RequestHead request,
            @Nullable Forwarding claimsOf,
            boolean dropsTwins,
            FieldEdits edits,
            boolean forMiddleware,
            Headers.Builder out) {
        Headers in = request.headers();
        Set<String> nominated = HopByHopHeaders.nominated(in);
        boolean trailers = false;
        for (int i = 0; i < in.size(); i++) {
            String name = in.name(i);
            if (name.equalsIgnoreCase("Expect") && request.protocol().equals("HTTP/1.0")) {
                continue; // RFC 9110 §10.1.1: HTTP/1.0 has no 100 to wait for
            }
            if (HopByHopHeaders.isHopByHop(name)) {
                trailers |= name.length() == 2 && Tokens.contains(in.value(i), "trailers");
            } else if (passes(name, nominated, claimsOf, dropsTwins, edits) && (forMiddleware || !isEngines(name))) {
                add(out, request, i);
            }
        }
        if (trailers) {
            out.add("TE", "trailers");
        }
    }

    private static boolean isEngines(String name) {
        return name.equalsIgnoreCase("Host") || name.equalsIgnoreCase("Content-Length");
    }

    private static boolean passes(
            String name, Set<String> nominated, @Nullable Forwarding claimsOf, boolean dropsTwins, FieldEdits edits) {
        if (claimsOf != null && ForwardedHeaders.isForwarding(name) && !claimsOf.vouchesFor(name)) {
            return false;
        }
        if (HopByHopHeaders.isIn(nominated, name)) {
            return false;
        }
        if (name.indexOf('_') < 0) {
            return true;
        }
        String twin = name.replace('_', '-');
        return !(dropsTwins && ForwardedHeaders.isForwarding(twin)) && !edits.decides(twin);
    }

    private static void add(Headers.Builder out, RequestHead request, int index) {
        Headers in = request.headers();
        if (!in.name(index).equalsIgnoreCase("Cookie") || !request.protocol().equals("HTTP/2.0")) {
            out.addFrom(in, index);
        } else if (!out.contains("Cookie")) {
            // RFC 9113 §8.2.3: HTTP/2 may cut a Cookie into lines, HTTP/1.1 knows only one.
            String whole = in.joined("Cookie");
            out.add("Cookie", whole == null ? "" : whole);
        }
    }
}
