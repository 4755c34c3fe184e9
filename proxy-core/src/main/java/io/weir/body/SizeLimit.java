package io.weir.body;

import io.weir.http.Headers;
import io.weir.http.ProxyError;
import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Lets no body pass that is longer than allowed, one that says so at once, others when they get there. A request is answered
 * with 413; a response with 502, or broken off if its head has left. Around it, {@link Gzipped} counts what is unpacked. The
 * plain limit on requests is {@link Limits#withRequestBody}.
 */
public final class SizeLimit implements RequestTransform, ResponseTransform {
    private final long most;

    private SizeLimit(long most) {
        this.most = most;
    }

    /** So many bytes at most. */
    public static SizeLimit of(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("size limit: " + bytes + " (expected: >= 0 bytes)");
        }
        return new SizeLimit(bytes);
    }

    @Override
    public BodyTransformer engage(RequestHead request) throws IOException {
        return engage(request.headers(), ProxyError.BODY_TOO_LARGE);
    }

    @Override
    public @Nullable BodyTransformer engage(RequestHead request, ResponseHead response) throws IOException {
        return engage(response.headers(), ProxyError.RESPONSE_BODY_TOO_LARGE);
    }

    private BodyTransformer engage(Headers headers, ProxyError error) throws BodyException {
        String length = headers.get("Content-Length");
        try {
            if (length != null && Long.parseLong(length) > most) {
                throw tooLong(error);
            }
        } catch (NumberFormatException e) {
            // the engine's parser has refused what is no number
        }
        return new Counter(error);
    }

    private BodyException tooLong(ProxyError error) {
        return new BodyException(error, "the body is longer than " + most + " bytes");
    }

    /** The limit. */
    @Override
    public String toString() {
        return "at most " + most + " bytes";
    }

    private final class Counter implements BodyTransformer {
        private final ProxyError error;
        private long count;

        Counter(ProxyError error) {
            this.error = error;
        }

        @Override
        public void transform(ByteBuffer chunk, boolean last, Output out) throws IOException {
            count += chunk.remaining();
            if (count > most) {
                throw tooLong(error);
            }
            out.write(chunk);
        }

        @Override
        public boolean keepsBytes() {
            return true;
        }
    }
}
