package io.weir.middleware;

import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A leaky bucket for each key, as nginx's {@code limit_req_zone} has it, to the last millisecond. What is in a bucket, its
 * excess, is counted in thousandths of a request; a request adds 1000, time takes off at the zone's rate.
 *
 * <p>At most {@code maxKeys} are kept, about 200 bytes each. A new key drops up to two old ones that have run empty; where
 * there is no room it takes that of the one that was not asked for the longest.
 */
final class LeakyBuckets {
    private static final long IDLE_MILLIS = 60_000;

    private final long leak;
    private final long leakMillis;
    private final int maxKeys;
    private final Map<String, Bucket> buckets = new LinkedHashMap<>(16, 0.75f, true);

    private static final class Bucket {
        long excess;
        long last;

        Bucket(long excess, long last) {
            this.excess = excess;
            this.last = last;
        }
    }

    /** Lets so many requests through in that time. */
    LeakyBuckets(long requests, Duration per, int maxKeys) {
        long millis = per.toMillis();
        // nginx knows only seconds and minutes, and its rate is a whole number of thousandths a second: 1 a minute is
        // 16.
        boolean isMinute = millis == 60_000;
        leak = isMinute ? requests * 1000 / 60 : requests * 1000;
        leakMillis = isMinute ? 1000 : millis;
        this.maxKeys = maxKeys;
    }

    /** The excess that a request would make, without counting it; its key becomes the youngest. */
    synchronized long look(String key, long now) {
        Bucket bucket = buckets.get(key);
        return bucket == null ? 0 : after(bucket, now);
    }

    /** Counts a request if that makes no more than this excess; the excess that it makes or would have made. */
    synchronized long count(String key, long now, long maxExcess) {
        Bucket bucket = buckets.get(key);
        if (bucket == null) {
            expire(false, now);
            if (buckets.size() >= maxKeys) {
                expire(true, now);
            }
            buckets.put(key, new Bucket(0, now));
            return 0;
        }
        long excess = after(bucket, now);
        if (excess <= maxExcess) {
            bucket.excess = excess;
            if (elapsed(bucket, now) != 0) {
                bucket.last = now;
            }
        }
        return excess;
    }

    /** Milliseconds until so many thousandths have run out. */
    long millisFor(long thousandths) {
        return thousandths * leakMillis / leak;
    }

    synchronized int size() {
        return buckets.size();
    }

    private long after(Bucket bucket, long now) {
        return Math.max(0, bucket.excess - leaked(elapsed(bucket, now)) + 1000);
    }

    private long leaked(long millis) {
        return leak * Math.min(millis, Long.MAX_VALUE / leak) / leakMillis;
    }

    /** Clocks of several threads may differ by a little; one that was set back by more is taken for a new one. */
    private static long elapsed(Bucket bucket, long now) {
        long millis = now - bucket.last;
        return millis < -IDLE_MILLIS ? 1 : Math.max(0, millis);
    }

    private void expire(boolean forced, long now) {
        Iterator<Bucket> oldest = buckets.values().iterator();
        for (int n = forced ? 0 : 1; n < 3 && oldest.hasNext(); n++) {
            Bucket bucket = oldest.next();
            if (n > 0) {
                long idle = Math.abs(now - bucket.last);
                if (idle < IDLE_MILLIS || bucket.excess - leaked(idle) > 0) {
                    return;
                }
            }
            oldest.remove();
        }
    }
}
