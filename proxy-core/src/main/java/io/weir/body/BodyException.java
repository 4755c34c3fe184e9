package io.weir.body;

import io.weir.http.ProxyError;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A body that must not go on, and the error that says so. */
public final class BodyException extends IOException {
    private static final long serialVersionUID = 1L;
    private final ProxyError error;

    /**
     * A failure.
     *
     * @param error of the client's side for a request; its status is the answer's, as long as one can be given
     * @param detail for an operator to read
     */
    public BodyException(ProxyError error, String detail) {
        this(error, detail, null);
    }

    /** The same with its cause. */
    public BodyException(ProxyError error, String detail, @Nullable Throwable cause) {
        super(detail, cause);
        this.error = error;
    }

    /** The error. */
    public ProxyError error() {
        return error;
    }
}
