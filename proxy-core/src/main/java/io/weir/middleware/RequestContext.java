package io.weir.middleware;

import io.weir.http.Outcome;
import io.weir.http.Peer;
import io.weir.http.RequestHead;
import io.weir.http.Variables;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What a middleware may know of an exchange beside the request's head. */
public interface RequestContext {
    /** The request as the client sent it, whatever middleware changed. */
    RequestHead original();

    /** The other end of the connection. */
    Peer peer();

    /** The client's address after trusted proxies; null if it came over a unix-domain socket. */
    @Nullable
    InetAddress client();

    /** The same as text. */
    String clientAddress();

    /** {@code http} or {@code https}: how the client speaks to us, or to the trusted proxy that says so. */
    default String scheme() {
        return original().scheme();
    }

    /** Monotonic nanoseconds of the report that is being handled. */
    long now();

    /** An attribute that an earlier middleware set, or null. */
    @Nullable
    String attribute(String name);

    /** Sets an attribute, such as {@code remote_user}, for later middleware, templates and logs. */
    void attribute(String name, String value);

    /** The exchange as a {@link io.weir.http.Template} sees it. */
    Variables variables();

    /** Runs {@code hook} once when the exchange has ended, however it ended. */
    void onEnd(Consumer<Outcome> hook);

    /** Where blocking work may run. */
    Executor executor();

    /** A text file that the engine watches. Asking for it costs nothing; reading it does. */
    WatchedFile file(Path path);
}
