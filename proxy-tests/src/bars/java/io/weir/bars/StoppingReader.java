package io.weir.bars;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/** Reads a little, stops for some seconds, goes on slowly, then fast; and asks all the while what a peer holds. */
final class StoppingReader {
    private static final int LITTLE = 64 * 1024;
    private static final int SLOWLY = 40 * 1024 * 1024;
    private static final int LOOKS_WHILE_STOPPED = 12;
    private static final int LOOKS_WHILE_FAST = 8;
    private static final long PAUSE_MILLIS = 250;

    private final InputStream in;
    private final PeerProcess peer;
    private long most;

    StoppingReader(InputStream in, PeerProcess peer) {
        this.in = in;
        this.peer = peer;
    }

    /** Reads that many bytes, and returns the most that the peer was seen to hold. */
    long read(int bytes) throws IOException, InterruptedException {
        take(LITTLE);
        for (int i = 0; i < LOOKS_WHILE_STOPPED; i++) {
            Thread.sleep(PAUSE_MILLIS);
            look();
        }
        int slice = SLOWLY / LOOKS_WHILE_STOPPED;
        for (int i = 0; i < LOOKS_WHILE_STOPPED; i++) {
            take(slice);
            Thread.sleep(PAUSE_MILLIS);
            look();
        }
        int left = bytes - LITTLE - slice * LOOKS_WHILE_STOPPED;
        for (int i = 0; i < LOOKS_WHILE_FAST; i++) {
            take(i == LOOKS_WHILE_FAST - 1 ? left - left / LOOKS_WHILE_FAST * i : left / LOOKS_WHILE_FAST);
            look();
        }
        return most;
    }

    private void look() throws IOException {
        most = Math.max(most, peer.memory());
    }

    private void take(int bytes) throws IOException {
        byte[] piece = new byte[64 * 1024];
        for (int left = bytes; left > 0; ) {
            int read = in.read(piece, 0, Math.min(left, piece.length));
            if (read < 0) {
                throw new EOFException(left + " bytes are missing");
            }
            left -= read;
        }
    }
}
