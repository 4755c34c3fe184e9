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
import java.util.function.Consumer;
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

    /** Each file by the names that configurations gave it; also those that only exchanges of an earlier one still use. */
    private volatile Map<Path, LogFile> files = Map.of();

    /** No file is open until {@link #prepare}. */
    public AccessLogs() {}

    /**
     * Opens the files that a configuration names, before it is put in force.
     *
     * @throws IllegalArgumentException if one can't be written: the message names it, and none is open that was not
     */
    public synchronized void prepare(ProxyConfig config) {
        Map<Path, LogFile> known = new HashMap<>(files);
        List<LogFile> opened = new ArrayList<>();
        for (Path path : pathsOf(config)) {
            if (known.containsKey(path)) {
                continue;
            }
            Path whole = path.toAbsolutePath().normalize();
            LogFile file = known.get(whole);
            if (file == null) {
                try {
                    file = new LogFile(whole);
                } catch (IOException e) {
                    opened.forEach(LogFile::retire);
                    throw new IllegalArgumentException(
                            "access log " + path + " can't be written: " + LogFile.cause(e)
                                    + "; name a file in a directory that is there, and that this user may write",
                            e);
                }
                opened.add(file);
                known.put(whole, file);
            }
            known.put(path, file);
        }
        files = Map.copyOf(known);
    }

    /** That configuration is in force: files that it does not name are closed once what waits for them is written. */
    public synchronized void inForce(ProxyConfig config) {
        Set<LogFile> used = new HashSet<>();
        pathsOf(config).forEach(path -> used.add(files.get(path)));
        for (LogFile file : new HashSet<>(files.values())) {
            if (used.contains(file)) {
                file.use();
            } else {
                file.retire();
            }
        }
    }

    /** Opens all files again, after they were renamed. */
    public void reopen() {
        new HashSet<>(files.values()).forEach(LogFile::reopen);
    }

    /** Lines that could not be written to files, because they came too fast or the disk was full. */
    public long dropped() {
        return new HashSet<>(files.values())
                .stream().mapToLong(LogFile::dropped).sum();
    }

    /** Writes what waits and closes the files; what comes later is still written. */
    public synchronized void close() {
        Set<LogFile> open = new HashSet<>(files.values());
        open.forEach(LogFile::retire);
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
            LOG.warn("access log {}: its condition, format or consumer failed, a line is lost", log, e);
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
            LogFile file = files.get(path);
            if (file != null) {
                file.append(line);
            }
        }
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
