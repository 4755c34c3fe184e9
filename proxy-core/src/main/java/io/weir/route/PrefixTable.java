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
 *
 * <p>Among many prefixes that search would touch too much memory. There the <em>lengths</em> of prefixes are searched instead:
 * where the path's first n chars are known as the start of a prefix, a longer one may fit, else only a shorter one can
 * (Waldvogel et al., "Scalable High Speed IP Routing Lookups", 1997). That is a handful of hash look-ups.
 */
final class PrefixTable<P> {
    /** Up to here the array alone is quicker. */
    private static final int FEW = 8;

    private final Map<String, List<RouteTable.Entry<P>>> exact;
    private final Map<String, List<RouteTable.Entry<P>>> lackingSlash;
    private final String[] prefixes;
    private final List<List<RouteTable.Entry<P>>> entries;
    private final int[] shorter;

    /** The different lengths of prefixes, ascending; empty where there are few. */
    private final int[] lengths;

    /** For each start of a prefix that a search may ask for, prefixes themselves included, the place of its longest prefix. */
    private final Map<String, Integer> starts;

    private PrefixTable(Builder<P> builder) {
        exact = frozen(builder.exact);
        prefixes = builder.prefixes.keySet().toArray(String[]::new);
        entries = builder.prefixes.values().stream().map(List::copyOf).toList();
        shorter = new int[prefixes.length];
        for (int i = 0; i < prefixes.length; i++) {
            int candidate = i - 1;
            while (candidate >= 0 && !prefixes[i].startsWith(prefixes[candidate])) {
                candidate = shorter[candidate];
            }
            shorter[i] = candidate;
        }
        Map<String, List<RouteTable.Entry<P>>> bare = new HashMap<>();
        builder.exact.forEach((path, routes) -> addLackingSlash(bare, path, routes));
        builder.prefixes.forEach((path, routes) -> addLackingSlash(bare, path, routes));
        lackingSlash = frozen(bare);
        lengths = prefixes.length <= FEW
                ? new int[0]
                : Arrays.stream(prefixes)
                        .mapToInt(String::length)
                        .sorted()
                        .distinct()
                        .toArray();
        starts = starts();
    }

    private static <P> Map<String, List<RouteTable.Entry<P>>> frozen(Map<String, List<RouteTable.Entry<P>>> map) {
        map.replaceAll((path, routes) -> List.copyOf(routes));
        return Map.copyOf(map);
    }

    private static <P> void addLackingSlash(
            Map<String, List<RouteTable.Entry<P>>> bare, String path, List<RouteTable.Entry<P>> routes) {
        if (!path.endsWith("/") || path.length() == 1) {
            return;
        }
        for (RouteTable.Entry<P> entry : routes) {
            if (entry.route().action() instanceof RouteAction.Proxy) {
                bare.computeIfAbsent(path.substring(0, path.length() - 1), key -> new ArrayList<>(1))
                        .add(entry);
            }
        }
    }

    /** Leaves for each prefix, at each length where the search for it goes on to longer ones, the mark that makes it do so. */
    private Map<String, Integer> starts() {
        Map<String, Integer> marks = new HashMap<>();
        if (lengths.length == 0) {
            return Map.of();
        }
        for (String prefix : prefixes) {
            int low = 0;
            int high = lengths.length - 1;
            while (low <= high) {
                int middle = (low + high) >>> 1;
                if (lengths[middle] > prefix.length()) {
                    high = middle - 1;
                } else {
                    marks.computeIfAbsent(prefix.substring(0, lengths[middle]), this::nearest);
                    low = middle + 1;
                }
            }
        }
        return Map.copyOf(marks);
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
        if (lengths.length == 0) {
            return nearest(path);
        }
        int found = -1;
        int low = 0;
        int high = lengths.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            Integer place = lengths[middle] > path.length() ? null : starts.get(path.substring(0, lengths[middle]));
            if (place == null) {
                high = middle - 1;
            } else {
                found = place;
                low = middle + 1;
            }
        }
        return found;
    }

    private int nearest(String path) {
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
