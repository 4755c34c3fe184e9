package io.weir.body;

import io.weir.http.RequestHead;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Decides which requests' bodies are transformed, and makes their transformers. Asked for each attempt that sends a body. */
@FunctionalInterface
public interface RequestTransform {
    /**
     * A new transformer for this request's body, or null to leave it alone, which costs nothing further.
     *
     * @param request as middleware left it
     * @throws IOException if the body must not go on: 400, or what a {@link BodyException} says
     */
    @Nullable
    BodyTransformer engage(RequestHead request) throws IOException;
}
