package io.weir.jetty.body;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystem;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.UUID;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where bodies that are buffered have their files: readable by nobody else, and taken out of their directory as soon as they
 * are open, so that a crash leaves none behind. Where a system can't do that they go when they are closed.
 */
public final class TempFiles {
    /** How files are made. */
    @FunctionalInterface
    interface Maker {
        TempFile make(Path directory) throws IOException;
    }

    private static final Logger LOG = LoggerFactory.getLogger("io.weir.buffering");
    private static final long PAUSE = Duration.ofSeconds(1).toNanos();

    private final Maker maker;
    private final LongSupplier nanos;
    private final Path standard = Path.of(System.getProperty("java.io.tmpdir"));

    // Guarded by this.
    private boolean warned;
    private long warnedAt;
    private long unsaid;

    /** Real ones. */
    public TempFiles() {
        this(TempFiles::make, System::nanoTime);
    }

    /** Those that {@code maker} makes, by the clock {@code nanos}. */
    TempFiles(Maker maker, LongSupplier nanos) {
        this.maker = maker;
        this.nanos = nanos;
    }

    /** A new file in that directory; null: the system's own for such files. */
    TempFile create(@Nullable Path directory) throws IOException {
        return maker.make(directory == null ? standard : directory);
    }

    /**
     * Says that a body goes on without a file. While all of a disk's users run into the same, once a second is enough.
     *
     * @param whose what is printable of the request
     */
    public void warn(@Nullable Path directory, Object whose, IOException cause) {
        long before;
        synchronized (this) {
            long now = nanos.getAsLong();
            if (warned && now - warnedAt < PAUSE) {
                unsaid++;
                return;
            }
            warned = true;
            warnedAt = now;
            before = unsaid;
            unsaid = 0;
        }
        LOG.warn(
                "no room for a body in {}: {}; {} goes on unbuffered{}",
                directory == null ? standard : directory,
                cause.toString(),
                whose,
                before == 0 ? "" : "; so did " + before + " others since the last such line");
    }

    private static TempFile make(Path directory) throws IOException {
        Path path = directory.resolve("weir-" + UUID.randomUUID());
        FileSystem system = directory.getFileSystem();
        FileAttribute<?>[] ours = system.supportedFileAttributeViews().contains("posix")
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
                }
                : new FileAttribute<?>[0];
        // DELETE_ON_CLOSE: where a file can be open without a name, the JDK takes its name away within this call.
        Set<StandardOpenOption> options = EnumSet.of(
                StandardOpenOption.CREATE_NEW,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE,
                StandardOpenOption.DELETE_ON_CLOSE);
        try {
            return TempFile.of(FileChannel.open(path, options, ours));
        } catch (UnsupportedOperationException | SecurityException e) {
            throw new IOException(e); // a file system that has no such files, or forbids them
        }
    }
}
