package io.weir.jetty.body;

import com.aayushatharva.brotli4j.encoder.Encoder;
import com.aayushatharva.brotli4j.encoder.EncoderJNI;
import io.weir.body.BodyTransformer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;

/**
 * A brotli stream (RFC 7932) of what goes in. It uses the library below Jetty's module, since that module's encoder writes
 * nothing before its buffer is full, and keeps its native memory when a response breaks off.
 */
final class BrotliEncoder implements BodyTransformer {
    private static final int PIECE = 16 * 1024;

    /** 512 KiB: most of what 4 MiB would gain, for a fraction of the memory. */
    private static final int WINDOW_BITS = 19;

    private final EncoderJNI.Wrapper encoder;

    BrotliEncoder(int quality) {
        try {
            encoder = new EncoderJNI.Wrapper(PIECE, quality, WINDOW_BITS, Encoder.Mode.GENERIC);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void transform(ByteBuffer chunk, boolean last, Output out) throws IOException {
        ByteBuffer piece = chunk.slice(chunk.position(), Math.min(chunk.remaining(), PIECE));
        chunk.position(chunk.position() + piece.remaining());
        if (piece.hasRemaining()) {
            int length = piece.remaining();
            encoder.getInputBuffer().clear().put(piece);
            encode(EncoderJNI.Operation.PROCESS, length, out);
        }
        if (chunk.hasRemaining()) {
            out.again();
        } else if (last) {
            encode(EncoderJNI.Operation.FINISH, 0, out);
        }
    }

    @Override
    public void flush(Output out) throws IOException {
        encode(EncoderJNI.Operation.FLUSH, 0, out);
    }

    @Override
    public void close() {
        encoder.destroy();
    }

    private void encode(EncoderJNI.Operation operation, int length, Output out) throws IOException {
        encoder.push(operation, length);
        while (true) {
            if (!encoder.isSuccess()) {
                throw new IOException("brotli gave up");
            }
            if (encoder.hasMoreOutput()) {
                ByteBuffer theirs = encoder.pull();
                out.write(ByteBuffer.allocate(theirs.remaining()).put(theirs).flip()); // the library writes there again
            } else if (encoder.hasRemainingInput()) {
                encoder.push(operation, 0);
            } else {
                return;
            }
        }
    }
}
