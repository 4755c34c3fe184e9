package io.weir.jetty.exchange;

import io.weir.body.Buffering;
import io.weir.http.ProxyError;
import io.weir.http.Reply;
import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import io.weir.jetty.body.EventComments;
import io.weir.jetty.body.SpillBuffer;
import io.weir.jetty.body.TempFiles;
import io.weir.jetty.server.WatchedEndPoint;
import io.weir.jetty.tunnel.Passage;
import io.weir.jetty.tunnel.Tunnel;
import io.weir.jetty.websocket.Bridges;
import io.weir.jetty.websocket.WebSocketBridge;
import io.weir.route.WebSocketPolicy;
import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Components;
import org.eclipse.jetty.server.HttpStream;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Invocable;
import org.jspecify.annotations.Nullable;

/**
 * The client's side of one exchange, in Jetty's terms: what leaves there, how it ends, and being told when the client goes.
 * It knows the differences between HTTP/1.0, 1.1 and 2, so that nobody else has to.
 */
final class Downstream {
    private final Request request;
    private final Response response;
    private final Callback callback;
    private final boolean http1;
    private final @Nullable WatchedEndPoint watched;
    private final long sentBefore;
    private CompletableFuture<?> interims = CompletableFuture.completedFuture(null);

    Downstream(Request request, Response response, Callback callback) {
        this.request = request;
        this.response = response;
        this.callback = callback;
        http1 = request.getConnectionMetaData().getHttpVersion().getVersion() < HttpVersion.HTTP_2.getVersion();
        watched = http1
                ? WatchedEndPoint.below(
                        request.getConnectionMetaData().getConnection().getEndPoint())
                : null;
        sentBefore = http1 ? request.getConnectionMetaData().getConnection().getBytesOut() : 0;
    }

    /**
     * Bytes that were handed to the client's connection for this exchange, heads and chunking included; −1 over HTTP/2,
     * where a connection belongs to many.
     *
     * @param tunnelled bytes that went to it when it spoke HTTP no more
     */
    long bytesSent(long tunnelled) {
        return http1 ? request.getConnectionMetaData().getConnection().getBytesOut() - sentBefore + tunnelled : -1;
    }

    Response response() {
        return response;
    }

    /** Whether the client waits with its body until it is told to go on. */
    boolean expectsContinue() {
        return request.getConnectionMetaData().getHttpVersion() != HttpVersion.HTTP_1_0 // RFC 9110 §10.1.1
                && request.getHeaders().contains(HttpHeader.EXPECT);
    }

    /**
     * Has {@code onGone} run as soon as the client is seen to have left; on a connector of somebody else's that speaks
     * HTTP/1.1 it is seen at the next write. Jetty's idle timeout is put off: the clocks of the exchange rule.
     */
    void watch(Runnable onGone) {
        if (watched != null) {
            watched.watch(onGone);
        } else {
            request.addFailureListener(failure -> onGone.run());
        }
        request.addIdleTimeoutListener(timeout -> false);
    }

    /** Sends an interim head, after those that are still on their way. Once the final one has left it is dropped. */
    synchronized void relay(ResponseHead head) {
        if (head.status() == 100 && !expectsContinue()) {
            return;
        }
        HttpFields.Mutable fields = HttpFields.build();
        Heads.fill(fields, head.headers());
        interims = interims.handle((done, failure) -> null)
                .thenCompose(ignored -> response.writeInterim(head.status(), fields));
    }

    /** A tunnel from the client to that upstream. */
    Tunnel tunnelTo(EndPoint upstream, Duration patience, boolean webSocket, Passage.Listener listener) {
        Components components = request.getComponents();
        return new Tunnel(
                request.getTunnelSupport().getEndPoint(),
                upstream,
                components.getByteBufferPool(),
                components.getScheduler(),
                components.getExecutor(),
                patience,
                webSocket,
                listener);
    }

    /** A bridge that is to have this client. */
    WebSocketBridge bridge(
            WebSocketPolicy policy,
            RequestHead asked,
            Duration patience,
            Consumer<Throwable> hookFailed,
            Passage.Listener listener) {
        return new WebSocketBridge(policy, asked, patience, request.getComponents(), hookFailed, listener);
    }

    /** Gives the bridge its upstream. */
    void openUpstream(WebSocketBridge bridge, EndPoint upstream, Bridges bridges) {
        bridges.openUpstream(bridge, upstream, request);
    }

    /** Sends the head of a switch to a WebSocket that the bridge speaks; it takes the place of HTTP, and this object is done. */
    void switchTo(ResponseHead head, WebSocketBridge bridge, Bridges bridges, Consumer<Throwable> onFailed) {
        unwatch();
        Heads.fill(response.getHeaders(), head.headers());
        bridges.openClient(bridge, request, response, head, written(onFailed));
    }

    /** Sends the head of a switch of protocols; then {@code tunnel} takes the place of HTTP, and this object is done. */
    void switchTo(ResponseHead head, Connection tunnel, Consumer<Throwable> onFailed) {
        unwatch();
        boolean extended = ExtendedConnect.isOne(request);
        response.setStatus(extended ? 200 : 101);
        Heads.fill(response.getHeaders(), extended ? ExtendedConnect.accepted(head.headers()) : head.headers());
        request.setAttribute(HttpStream.UPGRADE_CONNECTION_ATTRIBUTE, tunnel);
        response.write(true, null, written(onFailed));
    }

    /** Tells Jetty when the head of a switch has left. */
    private Callback written(Consumer<Throwable> onFailed) {
        return Callback.from(Invocable.InvocationType.NON_BLOCKING, callback::succeeded, failure -> {
            onFailed.accept(failure);
            callback.failed(failure);
        });
    }

    /** Sets the final head; it leaves with the first write. */
    void begin(ResponseHead head) {
        response.setStatus(ExtendedConnect.isOne(request) ? ExtendedConnect.refusal(head.status()) : head.status());
        Heads.fill(response.getHeaders(), head.headers());
    }

    /** The head that was set, and has not left, is not to leave. */
    void takeBack() {
        response.reset();
    }

    /** The body of that head, with comments wherever it is an event stream that has been silent for so long. */
    Content.Source withComments(Content.Source source, ResponseHead head, Duration silence) {
        Components components = request.getComponents();
        return EventComments.fit(head)
                ? new EventComments(source, silence, components.getScheduler(), components.getExecutor())
                : source;
    }

    /**
     * A body taken as fast as it comes, so that a slow client holds nobody up.
     *
     * @param whose is named where the disk lets it down
     */
    Content.Source buffered(
            Content.Source source, Buffering buffering, TempFiles files, SpillBuffer.Listener listener, Object whose) {
        Components components = request.getComponents();
        return new SpillBuffer(
                source,
                buffering,
                files,
                components.getByteBufferPool(),
                components.getExecutor(),
                listener,
                trouble -> files.warn(buffering.directory(), whose, trouble));
    }

    /** How many bytes of its body a reply of ours has for this client. */
    int bodyLength(Reply reply) {
        return request.getMethod().equals("HEAD") ? 0 : reply.length();
    }

    /** Writes a reply of ours whole. */
    void write(Reply reply, Callback written) {
        begin(reply.head());
        if (reply.status() != 204 && reply.status() != 304) {
            response.getHeaders().put(HttpHeader.CONTENT_LENGTH, reply.length());
        }
        if (reply.closesConnection() && http1) {
            response.getHeaders().put(HttpHeader.CONNECTION, "close");
        }
        response.write(true, bodyLength(reply) > 0 ? ByteBuffer.wrap(reply.body()) : null, written);
    }

    /** Nothing more is of interest; to be called before one of the two below. */
    void unwatch() {
        if (watched != null) {
            watched.unwatch();
        }
    }

    /**
     * The exchange has ended well. Jetty may begin the connection's next request within this call.
     *
     * @param unread whether the client has not sent its whole request, and nobody waits for the rest
     */
    void succeed(boolean unread) {
        if (unread && !http1) {
            request.addHttpStreamWrapper(UnreadStream::new);
        }
        callback.succeeded();
    }

    /** Breaks the response off so that the client can tell it from an orderly end. */
    void breakOff(ProxyError error) {
        if (lastsUntilClose()) {
            closeByReset();
        }
        callback.failed(new Aborted(error));
    }

    /** Whether the end of the connection looks like the end of the body. */
    private boolean lastsUntilClose() {
        return request.getConnectionMetaData().getHttpVersion() == HttpVersion.HTTP_1_0
                && response.isCommitted()
                && !response.getHeaders().contains(HttpHeader.CONTENT_LENGTH);
    }

    private void closeByReset() {
        Object transport = request.getConnectionMetaData().getConnection().getEndPoint();
        while (transport instanceof EndPoint above) {
            transport = above.getTransport(); // below TLS, whose own goodbye would look orderly
        }
        if (transport instanceof SocketChannel channel) {
            try {
                channel.setOption(StandardSocketOptions.SO_LINGER, 0);
            } catch (IOException | UnsupportedOperationException e) {
                return; // it is closed already, or is no TCP
            }
        }
    }

    /**
     * An HTTP/2 stream whose response is whole, but whose request is not and will not be read. Jetty would cancel it, and a
     * client might take that for the response's failure; RFC 9113 §8.1 has a code for this.
     */
    private static final class UnreadStream extends HttpStream.Wrapper {
        UnreadStream(HttpStream wrapped) {
            super(wrapped);
        }

        @Override
        public void succeeded() {
            getWrapped().failed(CONTENT_NOT_CONSUMED);
        }

        @Override
        public void failed(Throwable cause) {
            getWrapped().failed(CONTENT_NOT_CONSUMED);
        }
    }

    /** Tells Jetty to break the stream off rather than to make an error page. */
    static final class Aborted extends Request.Handler.AbortException {
        private static final long serialVersionUID = 1L;

        Aborted(ProxyError error) {
            super(error.token());
        }
    }
}
