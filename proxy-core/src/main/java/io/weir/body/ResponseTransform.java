package io.weir.body;

import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Decides which responses' bodies are transformed, and makes their transformers. Not asked about what has no body (204, 304),
 * nor about parts of one (206, {@code Content-Range}), nor about the proxy's own replies. It is asked about responses to HEAD,
 * so that their fields are those of a GET; the transformer is closed unused then.
 */
@FunctionalInterface
public interface ResponseTransform {
    /**
     * A new transformer for this response's body, or null to leave it alone, which costs nothing further.
     *
     * @param request as the client sent it
     * @param response as the client would get it
     * @throws IOException if the body must not go on: 502, or what a {@link BodyException} says
     */
    @Nullable
    BodyTransformer engage(RequestHead request, ResponseHead response) throws IOException;

    /**
     * Whether it can do its work on a body in that content coding, {@code gzip} for instance. Codings that it can't read are
     * taken out of the {@code Accept-Encoding} that upstreams get. All of them, if not said.
     */
    default boolean reads(String coding) {
        return true;
    }
}
