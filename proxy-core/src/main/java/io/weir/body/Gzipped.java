package io.weir.body;

import io.weir.http.Headers;
import io.weir.http.ProxyError;
import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Lets a transform see what is inside bodies in gzip: they are unpacked, transformed and packed again, piece by piece.
 * Bodies in no coding, or in another, the transform gets as they are. A body that only claims to be gzip fails: 400 for a
 * request, 502 or a break for a response.
 */
public final class Gzipped {
    private static final int LEVEL = 5;

    private Gzipped() {}

    /** Around a transform of requests. */
    public static RequestTransform requests(RequestTransform inner) {
        return request -> {
            if (!isGzip(request.headers())) {
                return inner.engage(request);
            }
            BodyTransformer engaged = inner.engage(request.withHeaders(unpacked(request.headers())));
            return engaged == null ? null : new Around(engaged, ProxyError.BAD_REQUEST);
        };
    }

    /** Around a transform of responses; upstreams are asked for gzip then, if the client accepts it. */
    public static ResponseTransform responses(ResponseTransform inner) {
        return new ResponseTransform() {
            @Override
            public @Nullable BodyTransformer engage(RequestHead request, ResponseHead response) throws IOException {
                if (!isGzip(response.headers())) {
                    return inner.engage(request, response);
                }
                BodyTransformer engaged = inner.engage(request, response.withHeaders(unpacked(response.headers())));
                return engaged == null ? null : new Around(engaged, ProxyError.RESPONSE_CODING);
            }

            @Override
            public boolean reads(String coding) {
                return coding.equals("gzip") || inner.reads(coding);
            }
        };
    }

    private static boolean isGzip(Headers headers) {
        String coding = headers.joined("Content-Encoding");
        return coding != null && (coding.equalsIgnoreCase("gzip") || coding.equalsIgnoreCase("x-gzip"));
    }

    private static Headers unpacked(Headers headers) {
        return headers.without("Content-Encoding").without("Content-Length");
    }

    private static final class Around implements BodyTransformer {
        private final BodyTransformer inner;
        private final Piped whole;

        Around(BodyTransformer inner, ProxyError error) {
            this.inner = inner;
            whole = new Piped(new GzipDecoder(error), inner, new GzipEncoder(LEVEL));
        }

        @Override
        public void transform(ByteBuffer chunk, boolean last, Output out) throws IOException {
            whole.transform(chunk, last, out);
        }

        @Override
        public void flush(Output out) throws IOException {
            whole.flush(out);
        }

        @Override
        public Headers fields(Headers fields) {
            return Representation.encoded(inner.fields(Representation.encoded(fields, null)), "gzip");
        }

        @Override
        public void close() {
            whole.close();
        }
    }
}
