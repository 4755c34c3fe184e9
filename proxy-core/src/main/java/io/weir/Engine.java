package io.weir;

import io.weir.body.BodyTransformer;
import io.weir.body.Compression;
import io.weir.middleware.WatchedFile;
import java.nio.file.Path;
import java.util.concurrent.Executor;

/** What the core needs of the engine that performs its decisions: the world outside, so that the core has none. */
public interface Engine {
    /** Where blocking work of middleware may run. */
    Executor executor();

    /** A text file that middleware reads; one object a path. Unreadable unless overridden. */
    default WatchedFile file(Path path) {
        return WatchedFile.unreadable();
    }

    /** A random number, for request ids. */
    long random();

    /**
     * Whether the proxy is all that listens, so that it answers requests that no route serves (404, 421) and unknown hosts
     * get the first site; else they are left to the application around it.
     */
    boolean isStandAlone();

    /** Told like the configuration's listeners, after them: the engine's own logs. Nobody unless overridden. */
    default ProxyListener listener() {
        return new ProxyListener() {};
    }

    /** A new transformer that compresses so; what no engine is needed for, unless overridden. */
    default BodyTransformer encoder(Compression.Choice choice) {
        if (choice.coding() != Compression.Coding.GZIP) {
            throw new IllegalStateException(
                    "this engine has no " + choice.coding().token());
        }
        return BodyTransformer.gzip(choice.level());
    }

    /** Code of the user's failed; {@code what} names it. */
    void userCodeFailed(String what, Throwable failure);
}
