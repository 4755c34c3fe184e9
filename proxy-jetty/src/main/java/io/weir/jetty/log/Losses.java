package io.weir.jetty.log;

import java.io.IOException;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The lines that one file did not get, and what an operator is told of them. */
final class Losses {
    private static final Logger LOG = LoggerFactory.getLogger(LogFile.class);

    private final Path path;
    private final News news = new News(System::nanoTime);
    private long lines;
    private long told;

    Losses(Path path) {
        this.path = path;
    }

    synchronized long lines() {
        return lines;
    }

    /** A line was dropped, because that many wait. The first is told at once. */
    void dropped(int waiting) {
        boolean first;
        synchronized (this) {
            first = lines == told;
            lines++;
        }
        if (first) {
            LOG.warn("access log {}: {} lines wait for the disk, further ones are dropped", path, waiting);
        }
    }

    /** Lines could not be written. */
    void failed(int count, IOException cause) {
        boolean isNews;
        synchronized (this) {
            lines += count;
            isNews = news.isDue();
            told = isNews ? lines : told;
        }
        if (isNews) {
            LOG.warn("access log {} can't be written, {} lines lost: {}", path, count, LogFile.cause(cause));
        }
    }

    /** Tells of those that were not told, if it is time for it or there will be none. */
    void tell(boolean atLast) {
        long count;
        synchronized (this) {
            count = lines - told;
            if (count == 0 || !(news.isDue() || atLast)) {
                return;
            }
            told = lines;
        }
        LOG.warn("access log {}: {} lines dropped, they came faster than the disk takes them", path, count);
    }
}
