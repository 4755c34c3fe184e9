package io.weir.upstream;

import io.weir.http.ProxyError;
import io.weir.http.ProxyFailure;
import io.weir.upstream.RetryPolicy.Condition;
import java.util.EnumSet;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What the exchanges themselves tell about the health of a pool's upstreams. Immutable; each {@code with…} gives a changed
 * copy. The default is nginx's: whatever goes wrong on the upstream's side is a failure, no status is, and
 * {@link Upstream#maxFails} failures take an upstream out for its {@link Upstream#failTimeout}.
 *
 * <p>What the client does, such as leaving, never counts; nor does a kept connection that had been closed. An answer that
 * {@link RetryPolicy#withStatuses} gives up for another upstream's is a failure as well, save 403 and 404.
 */
public final class PassiveHealth {
    private static final PassiveHealth DEFAULTS =
            new PassiveHealth(EnumSet.allOf(Condition.class), Set.of(), null, 100);

    private final Set<Condition> conditions;
    private final Set<Integer> statuses;
    private final @Nullable OutlierEjection outliers;
    private final int maxOutPercent;

    private PassiveHealth(
            Set<Condition> conditions, Set<Integer> statuses, @Nullable OutlierEjection outliers, int maxOutPercent) {
        this.conditions = Set.copyOf(conditions);
        this.statuses = Set.copyOf(statuses);
        this.outliers = outliers;
        this.maxOutPercent = maxOutPercent;
    }

    /** The default named above. */
    public static PassiveHealth defaults() {
        return DEFAULTS;
    }

    /** Only failures under these conditions count. All by default. */
    public PassiveHealth withConditions(Condition... conditions) {
        return new PassiveHealth(Set.of(conditions), statuses, outliers, maxOutPercent);
    }

    /** Answers with these statuses, 400 to 599, count as failures though the client gets them. None by default. */
    public PassiveHealth withStatuses(int... statuses) {
        Set<Integer> counted = new TreeSet<>();
        for (int status : statuses) {
            if (status < 400 || status > 599) {
                throw new IllegalArgumentException("status: " + status + " (expected: 400..599)");
            }
            counted.add(status);
        }
        return new PassiveHealth(conditions, counted, outliers, maxOutPercent);
    }

    /** All of it, in words. */
    @Override
    public String toString() {
        return "counts " + new TreeSet<>(conditions) + (statuses.isEmpty() ? "" : " " + statuses)
                + (outliers == null ? "" : ", " + outliers) + ", at most " + maxOutPercent + " % out";
    }

    /** Takes upstreams out for their share of failures too, beside {@link Upstream#maxFails}. Off by default. */
    public PassiveHealth withOutlierEjection(OutlierEjection outliers) {
        return new PassiveHealth(conditions, statuses, outliers, maxOutPercent);
    }

    /**
     * Failures take no further upstream out while that share of the pool's is out already. One that probes hold ill counts
     * as out, and so does one that has not answered well since it was; one that is {@linkplain Upstream#isDown down} is no
     * part of the pool. One may always be out. 100 by default.
     *
     * @param percent 0 to 100
     */
    public PassiveHealth withMaxOut(int percent) {
        if (percent < 0 || percent > 100) {
            throw new IllegalArgumentException("max out: " + percent + " % (expected: 0..100)");
        }
        return new PassiveHealth(conditions, statuses, outliers, percent);
    }

    /** Whether that failure, of an attempt that was not at a kept connection found closed, counts against the upstream. */
    public boolean counts(ProxyFailure failure) {
        if (failure.error().side() != ProxyError.Side.UPSTREAM) {
            return false;
        }
        Condition condition = Condition.of(failure);
        return conditions.size() == Condition.values().length || (condition != null && conditions.contains(condition));
    }

    /** Whether an answer with that status counts against the upstream. */
    public boolean counts(int status) {
        return !statuses.isEmpty() && statuses.contains(status);
    }

    /** When a share of failures takes one out; null: never. */
    public @Nullable OutlierEjection outliers() {
        return outliers;
    }

    /** Whether that many of so many may be out. */
    boolean allowsOut(int out, int size) {
        return out <= 1 || (long) out * 100 <= (long) maxOutPercent * size;
    }
}
