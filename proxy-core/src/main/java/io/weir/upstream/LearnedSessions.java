package io.weir.upstream;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The sessions that an application issued, and who issued them. Bounded: those not used for longest are forgotten. */
final class LearnedSessions {
    /** Longer ones are remembered by their hash. */
    private static final int LONGEST_KEY = 64;

    private final int capacity;
    private final long idleNanos;
    /** The least recently used first. */
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    private record Entry(UpstreamState holder, long usedAt) {}

    LearnedSessions(int capacity, long idleNanos) {
        this.capacity = capacity;
        this.idleNanos = idleNanos;
    }

    int size() {
        return entries.size();
    }

    /** Changes nothing. */
    @Nullable
    UpstreamState holder(String session, long now) {
        Entry entry = entries.get(key(session));
        return entry == null || isIdle(entry, now) ? null : entry.holder;
    }

    /** That session is used now, at that upstream. */
    void put(String session, UpstreamState holder, long now) {
        String key = key(session);
        entries.remove(key);
        forgetSome(now);
        entries.put(key, new Entry(holder, now));
    }

    private void forgetSome(long now) {
        for (Iterator<Entry> oldest = entries.values().iterator(); oldest.hasNext(); ) {
            boolean isFull = entries.size() >= capacity;
            if (!isIdle(oldest.next(), now) && !isFull) {
                return;
            }
            oldest.remove();
        }
    }

    private boolean isIdle(Entry entry, long now) {
        return now - entry.usedAt > idleNanos;
    }

    private static String key(String session) {
        if (session.length() <= LONGEST_KEY) {
            return session;
        }
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(session.getBytes(StandardCharsets.ISO_8859_1));
            return Base64.getEncoder().encodeToString(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
