package io.weir.jetty.body;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** A temporary file. Its methods block, so no thread that serves sockets may call them. */
interface TempFile extends AutoCloseable {
    /** Writes the bytes there; if it throws, the buffer's position says how many of them were written. */
    void write(ByteBuffer bytes, long position) throws IOException;

    /** Fills the buffer with the bytes from there. */
    void read(ByteBuffer into, long position) throws IOException;

    /** The file is gone. */
    @Override
    void close();

    /** One behind that channel. */
    static TempFile of(FileChannel channel) {
        return new TempFile() {
            @Override
            public void write(ByteBuffer bytes, long position) throws IOException {
                long at = position;
                while (bytes.hasRemaining()) {
                    at += channel.write(bytes, at);
                }
            }

            @Override
            public void read(ByteBuffer into, long position) throws IOException {
                long at = position;
                while (into.hasRemaining()) {
                    int got = channel.read(into, at);
                    if (got < 0) {
                        throw new IOException("the temporary file has lost its end");
                    }
                    at += got;
                }
            }

            @Override
            public void close() {
                try {
                    channel.close();
                } catch (IOException e) {
                    return; // nobody wants its bytes any more
                }
            }
        };
    }
}
