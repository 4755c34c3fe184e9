package io.weir.jetty.body;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** A disk in memory that is full after so many bytes, and may lose what was written. It takes part of a write, as disks do. */
final class FakeDisk {
    private final long room;
    boolean unreadable;
    /** Whether those who work with it may: they are on the executor. */
    boolean mayBlock;

    int files;
    int closed;
    long highest;

    FakeDisk(long room) {
        this.room = room;
    }

    TempFiles files() {
        return new TempFiles(directory -> new File(), System::nanoTime);
    }

    private final class File implements TempFile {
        private byte[] bytes = new byte[0];

        File() throws IOException {
            check();
            if (room < 0) {
                throw new IOException("no such directory");
            }
            files++;
        }

        private void check() {
            if (!mayBlock) {
                throw new AssertionError("this would block a thread that serves sockets");
            }
        }

        @Override
        public void write(ByteBuffer from, long position) throws IOException {
            check();
            if (closed == files) {
                throw new IOException("written after it was closed");
            }
            long fits = Math.max(0, Math.min(from.remaining(), room - position));
            int length = (int) (position + fits);
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length, length));
            from.get(bytes, (int) position, (int) fits);
            highest = Math.max(highest, length);
            if (from.hasRemaining()) {
                throw new IOException("no space left on device");
            }
        }

        @Override
        public void read(ByteBuffer into, long position) throws IOException {
            check();
            if (unreadable) {
                throw new IOException("input/output error");
            }
            into.put(bytes, (int) position, into.remaining());
        }

        @Override
        public void close() {
            check();
            closed++;
        }
    }
}
