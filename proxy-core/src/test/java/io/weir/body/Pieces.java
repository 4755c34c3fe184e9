package io.weir.body;

import java.nio.ByteBuffer;

/** Counts what one call of a transformer writes. */
final class Pieces implements BodyTransformer.Output {
    private long bytes;
    private boolean again;

    void clear() {
        bytes = 0;
        again = false;
    }

    long bytes() {
        return bytes;
    }

    boolean wantsAgain() {
        return again;
    }

    @Override
    public void write(ByteBuffer written) {
        bytes += written.remaining();
    }

    @Override
    public void again() {
        again = true;
    }
}
