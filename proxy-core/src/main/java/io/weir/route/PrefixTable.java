package io.weir.route;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Exact paths and prefixes of one site. The prefixes stand in one sorted array, each with a link to the longest other one
 * that it starts with. The longest prefix of a path is then the nearest entry at or before the path, or one on the way up
 * its links: whatever stands between a prefix of the path and the path itself starts with that prefix.
 */
final class PrefixTable<P> {
    private final Map<String, List<RouteTable.Entry<P>>> exact;
    private final Map<String, List<RouteTable.Entry<P>>> lackingSlash;
    private final String[] prefixes;
    private final List<List<RouteTable.Entry<P>>> entries;
    private final int[] shorter;

    private PrefixTable(Builder<P> builder) {
        exact = builder.exact;
        prefixes = builder.prefixes.keySet().toArray(String[]::new);
        entries = List.copyOf(builder.prefixes.values());
        shorter = new int[prefixes.length];
        for (int i = 0; i < prefixes.length; i++) {
            int candidate = i - 1;
            while (candidate >= 0 && !prefixes[i].startsWith(prefixes[candidate])) {
                candidate = shorter[candidate];
            }
            shorter[i] = candidate;
        }
        lackingSlash = new HashMap<>();
        exact.forEach(this::addLackingSlash);
        builder.prefixes.forEach(this::addLackingSlash);
    }

    private void addLackingSlash(String path, List<RouteTable.Entry<P>> routes) {
        if (!path.endsWith("/") || path.length() == 1) {
            return;
        }
        String bare = path.substring(0, path.length() - 1);
        for (RouteTable.Entry<P> entry : routes) {
            if (entry.route().action() instanceof RouteAction.Proxy) {
                lackingSlash.computeIfAbsent(bare, key -> new ArrayList<>(1)).add(entry);
            }
        }
    }

    /** Routes for exactly that path. */
    List<RouteTable.Entry<P>> exact(String path) {
        return exact.getOrDefault(path, List.of());
    }

    /** Routes that proxy, for that path and a slash: exact ones, then prefixes. */
    List<RouteTable.Entry<P>> lackingSlash(String path) {
        return lackingSlash.getOrDefault(path, List.of());
    }

    /** Place of the longest prefix of the path, or −1. */
    int longest(String path) {
        int found = Arrays.binarySearch(prefixes, path);
        int at = found >= 0 ? found : -found - 2;
        while (at >= 0 && !path.startsWith(prefixes[at])) {
            at = shorter[at];
        }
        return at;
    }

    /** Place of the next shorter prefix, or −1. */
    int shorter(int at) {
        return shorter[at];
    }

    /** Routes at that place, in order. */
    List<RouteTable.Entry<P>> entries(int at) {
        return entries.get(at);
    }

    static final class Builder<P> {
        private final Map<String, List<RouteTable.Entry<P>>> exact = new HashMap<>();
        private final TreeMap<String, List<RouteTable.Entry<P>>> prefixes = new TreeMap<>();

        void exact(RouteTable.Entry<P> entry) {
            exact.computeIfAbsent(entry.route().match().path(), path -> new ArrayList<>(1))
                    .add(entry);
        }

        void prefix(RouteTable.Entry<P> entry) {
            prefix(entry.route().match().path(), entry);
        }

        void prefix(String prefix, RouteTable.Entry<P> entry) {
            prefixes.computeIfAbsent(prefix, path -> new ArrayList<>(1)).add(entry);
        }

        PrefixTable<P> build() {
            return new PrefixTable<>(this);
        }
    }
}
