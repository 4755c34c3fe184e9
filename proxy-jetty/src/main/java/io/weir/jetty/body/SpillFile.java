package io.weir.jetty.body;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The part of a body that waits in a file: put in at the one end, taken out at the other. The file is made when it is first
 * needed, and used in a circle, so that it never grows beyond its capacity however long the body is.
 *
 * <p>{@link #put}, {@link #read} and {@link #close} block, and one thread at a time may call them. What they did is to be
 * confirmed by {@link #added} and {@link #removed}; these and the questions belong under the lock of its owner.
 */
final class SpillFile {
    private final TempFiles files;
    private final @Nullable Path directory;
    private final long capacity;
    private @Nullable TempFile file;
    private boolean broken;
    private long first;
    private long length;

    SpillFile(TempFiles files, @Nullable Path directory, long capacity) {
        this.files = files;
        this.directory = directory;
        this.capacity = capacity;
    }

    boolean isEmpty() {
        return length == 0;
    }

    /** Bytes in it. */
    long length() {
        return length;
    }

    /** How many more bytes it would take; 0 once it is broken. */
    long room() {
        return broken ? 0 : capacity - length;
    }

    /** Nothing more can be put in. */
    void breakDown() {
        broken = true;
    }

    /** Whether there is a file to close. */
    boolean isOpen() {
        return file != null;
    }

    void added(int bytes) {
        length += bytes;
    }

    void removed(int bytes) {
        length -= bytes;
        first = length == 0 ? 0 : (first + bytes) % capacity;
    }

    /** Writes as much of {@code bytes} as there is room for; if it throws, their position says how much was written. */
    void put(ByteBuffer bytes) throws IOException {
        TempFile open = file;
        if (open == null) {
            open = files.create(directory);
            file = open;
        }
        bytes.limit(bytes.position() + (int) Math.min(bytes.remaining(), capacity - length));
        long at = (first + length) % capacity;
        ByteBuffer upToEnd = bytes.duplicate();
        upToEnd.limit(upToEnd.position() + (int) Math.min(upToEnd.remaining(), capacity - at));
        try {
            open.write(upToEnd, at);
        } finally {
            bytes.position(upToEnd.position());
        }
        if (bytes.hasRemaining()) {
            open.write(bytes, 0);
        }
    }

    /** Reads the bytes in it from that offset on, as many as there are or {@code into} has room for; they stay in it. */
    void read(ByteBuffer into, long offset) throws IOException {
        TempFile open = file;
        if (open == null) {
            throw new IOException("there is no file");
        }
        into.limit(into.position() + (int) Math.min(into.remaining(), length - offset));
        long at = (first + offset) % capacity;
        ByteBuffer upToEnd = into.duplicate();
        upToEnd.limit(upToEnd.position() + (int) Math.min(upToEnd.remaining(), capacity - at));
        open.read(upToEnd, at);
        into.position(upToEnd.position());
        if (into.hasRemaining()) {
            open.read(into, 0);
        }
    }

    void close() {
        TempFile open = file;
        file = null;
        broken = true;
        if (open != null) {
            open.close();
        }
    }
}
