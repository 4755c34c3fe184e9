package io.weir.jetty.log;

import io.weir.ProxyConfig;
import io.weir.log.AccessLog;
import io.weir.log.ExchangeSummary;
import io.weir.route.Site;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes access lines where their logs say. There is one writer a file, however many sites name it; a file that the next
 * configuration names too stays open.
 */
public final class AccessLogs {
    private static final Logger ACCESS = LoggerFactory.getLogger("io.weir.access");
    private static final Logger LOG = LoggerFactory.getLogger(AccessLogs.class);

    /** How long a stop waits for the disk. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /**
     * The files.
     *
     * @param byPath each by the names that configurations gave it; also those that only exchanges of an earlier one use
     * @param droppedBefore lines that files dropped which are no longer among them
     */
    private record Known(Map<Path, LogFile> byPath, long droppedBefore) {
        Set<LogFile> all() {
            return new HashSet<>(byPath.values());
        }
    }

    private volatile Known files = new Known(Map.of(), 0);

    private final News failures;
    private final AtomicLong failed = new AtomicLong();

    /** No file is open until {@link #prepare}. */
    public AccessLogs() {
        this(System::nanoTime);
    }

    AccessLogs(LongSupplier clock) {
        failures = new News(clock);
    }

    /**
     * Opens the files that a configuration names, before it is put in force.
     *
     * @throws IllegalArgumentException if one can't be written: the message names it, and none is open that was not
     */
    public synchronized void prepare(ProxyConfig config) {
        Map<Path, LogFile> known = new HashMap<>(files.byPath);
        List<LogFile> opened = new ArrayList<>();
        for (Path path : pathsOf(config)) {
            Path whole = wholeOf(path);
            LogFile file = known.get(whole);
            try {
                if (file == null) {
                    file = new LogFile(whole);
                    opened.add(file);
                    known.put(whole, file);
                } else {
                    file.check();
                }
            } catch (IOException e) {
                opened.forEach(LogFile::retire);
                throw new IllegalArgumentException(
                        "access log " + path + " can't be written: " + LogFile.cause(e)
                                + "; name a file in a directory that is there, and that this user may write",
                        e);
            }
            known.put(path, file);
        }
        files = new Known(Map.copyOf(known), files.droppedBefore);
    }

    /**
     * That configuration is in force: files that it does not name are closed once what waits for them is written, and
     * forgotten if they have been closed since an earlier one.
     */
    public synchronized void inForce(ProxyConfig config) {
        Map<Path, LogFile> known = new HashMap<>(files.byPath);
        long dropped = files.droppedBefore;
        Set<LogFile> used = new HashSet<>();
        pathsOf(config).forEach(path -> used.add(known.get(path)));
        for (LogFile file : files.all()) {
            if (used.contains(file)) {
                file.use();
            } else if (file.isIdle()) {
                known.values().removeIf(one -> one == file);
                dropped += file.dropped();
            } else {
                file.retire();
            }
        }
        files = new Known(Map.copyOf(known), dropped);
    }

    /** Opens the files in use again, after they were renamed. */
    public void reopen() {
        files.all().forEach(LogFile::reopen);
    }

    /** Lines that could not be written to files, because they came too fast or the disk was full. */
    public long dropped() {
        Known known = files;
        return known.droppedBefore
                + known.all().stream().mapToLong(LogFile::dropped).sum();
    }

    /** Writes what waits and closes the files; what comes later is still written. */
    public void close() {
        Set<LogFile> open;
        synchronized (this) {
            open = files.all();
            open.forEach(LogFile::retire);
        }
        try {
            for (LogFile file : open) {
                if (!file.awaitClosed(PATIENCE)) {
                    LOG.warn(
                            "an access log is still being written after {}; lines are lost if the process ends",
                            PATIENCE);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    void write(ExchangeSummary exchange) {
        AccessLog log = exchange.accessLog();
        try {
            write(exchange, log);
        } catch (RuntimeException e) {
            failed.incrementAndGet();
            if (failures.isDue()) { // it fails for each request, perhaps
                LOG.warn(
                        "access log {}: its condition, format or consumer failed, {} lines lost since this was last said",
                        log,
                        failed.getAndSet(0),
                        e);
            }
        }
    }

    private void write(ExchangeSummary exchange, AccessLog log) {
        Path path = log.file();
        Consumer<String> consumer = log.consumer();
        boolean heard = path != null || consumer != null || ACCESS.isInfoEnabled();
        if (log.isOff() || !heard || !log.takes(exchange)) {
            return;
        }
        String line = log.line(exchange);
        if (consumer != null) {
            consumer.accept(line);
        } else if (path == null) {
            ACCESS.info("{}", line);
        } else {
            LogFile file = files.byPath.get(path);
            (file == null ? forgotten(path) : file).append(line);
        }
    }

    /** The file of an exchange that began so long ago that it was forgotten. */
    private synchronized LogFile forgotten(Path path) {
        Map<Path, LogFile> known = new HashMap<>(files.byPath);
        LogFile file = known.computeIfAbsent(wholeOf(path), LogFile::outOfUse);
        known.put(path, file);
        files = new Known(Map.copyOf(known), files.droppedBefore);
        return file;
    }

    private static Path wholeOf(Path path) {
        return path.toAbsolutePath().normalize();
    }

    private static Set<Path> pathsOf(ProxyConfig config) {
        Set<Path> paths = new HashSet<>();
        add(config.accessLog(), paths);
        for (Site site : config.sites()) {
            AccessLog own = site.accessLog();
            if (own != null) {
                add(own, paths);
            }
        }
        return paths;
    }

    private static void add(AccessLog log, Set<Path> paths) {
        Path path = log.file();
        if (path != null) {
            paths.add(path);
        }
    }
}
