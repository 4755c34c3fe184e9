package io.weir.body;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** One gzip member (RFC 1952) around what goes in. */
final class GzipEncoder implements BodyTransformer {
    /** Taken in one go: what this costs the thread is the most that others on it wait for. */
    private static final int PIECE = 32 * 1024;

    private static final byte[] HEADER = {0x1f, (byte) 0x8b, Deflater.DEFLATED, 0, 0, 0, 0, 0, 0, (byte) 0xff};

    private final Deflater deflater;
    private final CRC32 check = new CRC32();
    private final byte[] room = new byte[8 * 1024];
    private boolean begun;

    GzipEncoder(int level) {
        if (level < 1 || level > 9) {
            throw new IllegalArgumentException("gzip level: " + level + " (expected: 1..9)");
        }
        deflater = new Deflater(level, true);
    }

    @Override
    public void transform(ByteBuffer chunk, boolean last, Output out) {
        if (!begun) {
            begun = true;
            out.write(ByteBuffer.wrap(HEADER));
        }
        ByteBuffer piece = chunk.slice(chunk.position(), Math.min(chunk.remaining(), PIECE));
        chunk.position(chunk.position() + piece.remaining());
        check.update(piece.duplicate());
        deflater.setInput(piece);
        deflate(Deflater.NO_FLUSH, out);
        if (chunk.hasRemaining()) {
            out.again();
        } else if (last) {
            deflater.finish();
            deflate(Deflater.NO_FLUSH, out);
            out.write(ByteBuffer.allocate(8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putInt((int) check.getValue())
                    .putInt((int) deflater.getBytesRead())
                    .flip());
        }
    }

    @Override
    public void flush(Output out) {
        deflate(Deflater.SYNC_FLUSH, out);
    }

    @Override
    public void close() {
        deflater.end();
    }

    private void deflate(int mode, Output out) {
        int count;
        do {
            count = deflater.deflate(room, 0, room.length, mode);
            out.write(ByteBuffer.wrap(Arrays.copyOf(room, count)));
        } while (count == room.length);
    }
}
