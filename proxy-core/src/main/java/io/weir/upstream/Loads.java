package io.weir.upstream;

/**
 * The running exchanges of each upstream of a group, side by side: a choice that looks at hundreds has no time to visit
 * each. A group that a reload has replaced loses upstreams to the new one, which counts for both. Guarded by the pool's lock.
 */
final class Loads {
    private final int[] counts;
    private boolean complete = true;

    Loads(int size) {
        counts = new int[size];
    }

    int of(int place) {
        return counts[place];
    }

    void set(int place, int count) {
        counts[place] = count;
    }

    int add(int place, int change) {
        return counts[place] += change;
    }

    /** One of them counts elsewhere. */
    void leave() {
        complete = false;
    }

    /** Whether all still count here. */
    boolean areComplete() {
        return complete;
    }
}
