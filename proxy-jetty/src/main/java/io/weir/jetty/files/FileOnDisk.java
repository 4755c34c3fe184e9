package io.weir.jetty.files;

import io.weir.http.Text;
import io.weir.middleware.WatchedFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file that is looked at when somebody asks for it, at most once a second, and read where its time, size or identity has
 * changed. Lines have one char a byte.
 */
final class FileOnDisk implements WatchedFile {
    private static final Logger LOG = LoggerFactory.getLogger("io.weir.files");
    private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long MAX_BYTES = 16 << 20;

    /** A file may change twice within one tick of its clock; until it is older than this its time proves nothing. */
    private static final long SETTLED_MILLIS = 2_000;

    private final Path path;
    private volatile @Nullable Looked latest;

    /** What was found, when. {@code stamp} is null where it has to be read again to know. */
    private record Looked(Content content, @Nullable Stamp stamp, long at) {}

    private record Stamp(long modified, long size, @Nullable Object identity) {}

    FileOnDisk(Path path) {
        this.path = path;
    }

    @Override
    public @Nullable Content known() {
        Looked looked = latest;
        return looked != null && System.nanoTime() - looked.at < LOOK_NANOS ? looked.content : null;
    }

    @Override
    public synchronized Content read() {
        Content known = known();
        if (known != null) {
            return known;
        }
        Looked before = latest;
        long now = System.nanoTime();
        Looked found = look(before, now);
        latest = found;
        return found.content;
    }

    @Override
    public void complain(String problem) {
        LOG.warn("{}: {}", path, Text.printable(problem));
    }

    private Looked look(@Nullable Looked before, long now) {
        try {
            BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
            long modified = attributes.lastModifiedTime().toMillis();
            Stamp stamp = new Stamp(modified, attributes.size(), attributes.fileKey());
            if (before != null && stamp.equals(before.stamp)) {
                return new Looked(before.content, stamp, now);
            }
            boolean settled = System.currentTimeMillis() - modified > SETTLED_MILLIS;
            return new Looked(content(before, attributes), settled ? stamp : null, now);
        } catch (IOException | RuntimeException e) {
            if (before == null || before.content.lines() != null) {
                LOG.warn("{} can't be read: {}; nobody is let in by it until it can", path.toAbsolutePath(), reason(e));
            }
            return new Looked(Content.UNREADABLE, null, now);
        }
    }

    private Content content(@Nullable Looked before, BasicFileAttributes attributes) throws IOException {
        if (!attributes.isRegularFile()) {
            throw new IOException("it is no regular file");
        }
        if (attributes.size() > MAX_BYTES) {
            throw new IOException("it is larger than " + MAX_BYTES + " bytes");
        }
        List<String> lines = List.copyOf(Files.readAllLines(path, StandardCharsets.ISO_8859_1));
        if (before != null && lines.equals(before.content.lines())) {
            return before.content;
        }
        if (before != null) {
            LOG.info("{} has changed and was read again", path);
        }
        return new Content(lines);
    }

    private static String reason(Exception e) {
        if (e instanceof AccessDeniedException) {
            return "the user " + System.getProperty("user.name") + " may not read it";
        }
        return e instanceof NoSuchFileException
                ? "there is no such file"
                : Objects.toString(e.getMessage(), e.toString());
    }
}
