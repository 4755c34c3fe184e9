package io.weir.jetty.body;

import com.github.luben.zstd.EndDirective;
import com.github.luben.zstd.ZstdCompressCtx;
import io.weir.body.BodyTransformer;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * A zstd frame (RFC 8878) of what goes in. It uses the library below Jetty's module, since that module's encoder writes
 * nothing before its buffer is full, and keeps its native memory when a response breaks off.
 */
final class ZstdEncoder implements BodyTransformer {
    private static final int PIECE = 32 * 1024;
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    /** 512 KiB: most of what the 2 MiB of usual levels would gain, for a fraction of the memory. */
    private static final int WINDOW_BITS = 19;

    private final ZstdCompressCtx context = new ZstdCompressCtx();
    private final ByteBuffer room = ByteBuffer.allocate(16 * 1024);

    ZstdEncoder(int level) {
        context.setLevel(level);
        context.setWindowLog(WINDOW_BITS);
    }

    @Override
    public void transform(ByteBuffer chunk, boolean last, Output out) {
        // The library wants to see the array, which a read-only buffer hides.
        ByteBuffer piece = ByteBuffer.allocate(Math.min(chunk.remaining(), PIECE));
        piece.put(chunk.slice(chunk.position(), piece.remaining())).flip();
        chunk.position(chunk.position() + piece.remaining());
        while (piece.hasRemaining()) {
            encode(piece, EndDirective.CONTINUE, out);
        }
        if (chunk.hasRemaining()) {
            out.again();
        } else if (last) {
            encodeAll(EndDirective.END, out);
        }
    }

    @Override
    public void flush(Output out) {
        encodeAll(EndDirective.FLUSH, out);
    }

    @Override
    public void close() {
        context.close();
    }

    private void encodeAll(EndDirective directive, Output out) {
        boolean done;
        do {
            done = encode(NOTHING, directive, out);
        } while (!done);
    }

    private boolean encode(ByteBuffer piece, EndDirective directive, Output out) {
        room.clear();
        boolean done = context.compressByteBufferStream(room, piece, directive);
        out.write(ByteBuffer.wrap(Arrays.copyOf(room.array(), room.position())));
        return done;
    }
}
