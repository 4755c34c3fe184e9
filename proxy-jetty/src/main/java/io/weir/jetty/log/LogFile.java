package io.weir.jetty.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file to which lines are appended, by a thread that lives as long as the file is in use. What waits is written at once,
 * line after line, so that no line is torn, not even by a disk that is full for a while.
 *
 * <p>A file out of use still takes lines, of exchanges that began when it was in use: each opens it once more.
 */
final class LogFile {
    /** Lines that may wait. */
    static final int CAPACITY = 8192;

    /** Characters of lines at which no further one may wait: lines can be long. */
    static final int CHARS = 16 << 20;

    private static final Logger LOG = LoggerFactory.getLogger(LogFile.class);

    private final Path path;
    private final Opener opener;
    private final Losses losses;

    // Guarded by this.
    private List<String> waiting = new ArrayList<>();
    private long waitingChars;
    private int reopenAfter = -1;
    private boolean inUse;
    private @Nullable Thread writer;

    // The writer's own; one writer follows another under the lock.
    private @Nullable WritableByteChannel channel;
    private ByteBuffer rest = ByteBuffer.allocate(0);

    /** Opens it. */
    LogFile(Path path) throws IOException {
        this(path, Opener::append);
    }

    LogFile(Path path, Opener opener) throws IOException {
        this(path, opener, true);
        channel = opener.open(path);
    }

    private LogFile(Path path, Opener opener, boolean inUse) {
        this.path = path;
        this.opener = opener;
        this.inUse = inUse;
        losses = new Losses(path);
    }

    /** One that is out of use, for lines that come all the same. */
    static LogFile outOfUse(Path path) {
        return new LogFile(path, Opener::append, false);
    }

    /** Has that line written; drops and counts it if too many wait. Never blocks on the disk. */
    void append(String line) {
        int lines;
        boolean isTaken;
        synchronized (this) {
            lines = waiting.size();
            isTaken = lines < CAPACITY && waitingChars < CHARS;
            if (isTaken) {
                waiting.add(line);
                waitingChars += line.length();
                wakeWriter();
            }
        }
        if (!isTaken) {
            losses.dropped(lines);
        }
    }

    /** Lines that were not written, and will not be. */
    long dropped() {
        return losses.lines();
    }

    /**
     * Opens the path again, after the lines that wait now: they still belong into the file that was renamed. One out of use
     * is not opened, that would make an empty file.
     */
    synchronized void reopen() {
        if (inUse) {
            reopenAfter = waiting.size();
            wakeWriter();
        }
    }

    private synchronized boolean isInUse() {
        return inUse;
    }

    /** Whether it is out of use, and closed. */
    synchronized boolean isIdle() {
        return !inUse && writer == null;
    }

    /** Tries to open it if it is out of use. */
    void check() throws IOException {
        if (!isInUse()) {
            opener.open(path).close();
        }
    }

    /** It is in use again, or still. */
    synchronized void use() {
        inUse = true;
    }

    /** It is out of use: once what waits is written, the file is closed and the thread ends. */
    synchronized void retire() {
        inUse = false;
        wakeWriter();
    }

    /**
     * Waits until a file out of use is closed.
     *
     * @return false if it took longer than that
     */
    boolean awaitClosed(Duration patience) throws InterruptedException {
        Thread last;
        synchronized (this) {
            last = writer;
        }
        if (last != null) {
            last.join(patience.toMillis());
        }
        return last == null || !last.isAlive();
    }

    /** Under the lock. */
    private void wakeWriter() {
        if (writer == null) {
            writer = new Thread(this::write, "weir-log-" + path.getFileName());
            writer.setDaemon(true);
            writer.start();
        } else {
            notifyAll();
        }
    }

    // ---- the writer ----

    private void write() {
        List<String> batch = new ArrayList<>();
        while (true) {
            int before;
            synchronized (this) {
                while (waiting.isEmpty() && reopenAfter < 0 && inUse) {
                    try {
                        wait();
                    } catch (InterruptedException e) {
                        inUse = false; // somebody wants it to end; what waits is written first
                    }
                }
                if (waiting.isEmpty() && reopenAfter < 0 && !rest.hasRemaining()) {
                    close();
                    writer = null;
                    return;
                }
                List<String> taken = waiting;
                waiting = batch;
                waitingChars = 0;
                batch = taken;
                before = reopenAfter;
                reopenAfter = -1;
            }
            if (before >= 0) {
                append(batch.subList(0, before));
                openAgain();
                append(batch.subList(before, batch.size()));
            } else if (batch.isEmpty()) {
                completeLine(); // nothing else will
            } else {
                append(batch);
            }
            batch.clear();
            losses.tell(!isInUse());
        }
    }

    /** Writes those lines; what can't be written is lost, but for the rest of a line that is there in part. */
    private void append(List<String> lines) {
        if (lines.isEmpty()) {
            return;
        }
        int written = 0;
        try {
            WritableByteChannel open = channel == null ? opener.open(path) : channel;
            channel = open;
            writeFully(open, rest);
            for (int from = 0; from < lines.size(); from = written) {
                StringBuilder text = new StringBuilder();
                int to = from;
                while (to < lines.size() && text.length() < 64 * 1024) {
                    text.append(lines.get(to++)).append('\n');
                }
                ByteBuffer bytes = ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.UTF_8));
                try {
                    writeFully(open, bytes);
                } catch (IOException e) {
                    written = from + begun(bytes);
                    throw e;
                }
                written = to;
            }
        } catch (IOException e) {
            losses.failed(lines.size() - written, e);
        }
    }

    /** How many lines of those bytes are in the file, the one included of which a part is: its rest is kept. */
    private int begun(ByteBuffer bytes) {
        byte[] all = bytes.array();
        int lines = 0;
        for (int i = 0; i < bytes.position(); i++) {
            lines += all[i] == '\n' ? 1 : 0;
        }
        boolean torn = bytes.position() > 0 && all[bytes.position() - 1] != '\n';
        if (!torn) {
            return lines;
        }
        int end = bytes.position();
        while (all[end] != '\n') {
            end++;
        }
        rest = ByteBuffer.wrap(all, bytes.position(), end + 1 - bytes.position())
                .slice();
        return lines + 1;
    }

    /** Writes the rest of a line that is there in part, before the file is closed: there is no other try. */
    private void completeLine() {
        WritableByteChannel open = channel;
        try {
            if (open != null) {
                writeFully(open, rest);
            }
        } catch (IOException e) {
            losses.failed(1, e);
        } finally {
            rest = ByteBuffer.allocate(0);
        }
    }

    private static void writeFully(WritableByteChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    private void openAgain() {
        try {
            WritableByteChannel fresh = opener.open(path);
            completeLine(); // its rest belongs where it begins
            close();
            channel = fresh;
        } catch (IOException e) {
            LOG.warn(
                    "access log {} can't be opened again, lines go on into the file that was open: {}", path, cause(e));
        }
    }

    private void close() {
        WritableByteChannel open = channel;
        channel = null;
        if (open == null) {
            return;
        }
        try {
            open.close();
        } catch (IOException e) {
            LOG.warn("access log {} was not closed in order: {}", path, cause(e));
        }
    }

    static String cause(IOException e) {
        return e.getClass().getSimpleName() + (e.getMessage() == null ? "" : ": " + e.getMessage());
    }
}
