package io.weir.jetty;

import io.weir.ReverseProxy;
import io.weir.http.ProxyError;
import io.weir.http.Reply;
import io.weir.jetty.exchange.Heads;
import java.nio.ByteBuffer;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;

/**
 * Answers what Jetty's own parsers refuse before there is an exchange: bytes that are no HTTP, or could be read in two ways.
 * As plain as Weir's other errors, and with an access line.
 */
final class Refusals implements Request.Handler {
    private final ReverseProxy proxy;

    Refusals(ReverseProxy proxy) {
        this.proxy = proxy;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        Object message = request.getAttribute(ErrorHandler.ERROR_MESSAGE);
        if (request.getAttribute(ErrorHandler.ERROR_EXCEPTION) instanceof EofException) {
            // A request that its client took back before it was looked at: Jetty calls that an error of the server's.
            ProxyError gone = ProxyError.CLIENT_GONE;
            proxy.refused(
                    Heads.peer(request), gone.status(), 0, gone, String.valueOf(message), System.currentTimeMillis());
            callback.failed(new EofException());
            return true;
        }
        int status = response.getStatus() < 400 ? ProxyError.INTERNAL_ERROR.status() : response.getStatus();
        Reply reply = Reply.status(status);
        proxy.refused(
                Heads.peer(request),
                status,
                reply.length(),
                errorOf(status),
                String.valueOf(message),
                System.currentTimeMillis());
        response.setStatus(status);
        response.getHeaders().clear();
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, "text/plain;charset=utf-8");
        response.getHeaders().put(HttpHeader.CONTENT_LENGTH, reply.length());
        if (request.getConnectionMetaData().getHttpVersion().getVersion() < HttpVersion.HTTP_2.getVersion()) {
            response.getHeaders().put(HttpHeader.CONNECTION, "close");
        }
        response.write(true, ByteBuffer.wrap(reply.body()), callback);
        return true;
    }

    private static ProxyError errorOf(int status) {
        return switch (status) {
            case 408 -> ProxyError.REQUEST_TIMEOUT;
            case 413 -> ProxyError.BODY_TOO_LARGE;
            case 414 -> ProxyError.TARGET_TOO_LONG;
            case 431 -> ProxyError.HEAD_TOO_LARGE;
            default -> status < 500 || status == 505 ? ProxyError.BAD_REQUEST : ProxyError.INTERNAL_ERROR;
        };
    }
}
