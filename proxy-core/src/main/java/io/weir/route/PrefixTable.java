package io.weir.route;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Exact paths and prefixes of one site. The prefixes stand in one sorted array, each with a link to the longest other one
 * that it starts with. The longest prefix of a path is then the nearest entry at or before the path, or one on the way up
 * its links: whatever stands between a prefix of the path and the path itself starts with that prefix.
 */
final class PrefixTable<P> {
    private final Map<String, List<RouteTable.Entry<P>>> exact;
    private final Map<String, List<RouteTable.Entry<P>>> lackingSlash;

    /** In the order of their prefixes. */
    private final List<Place<P>> places = new ArrayList<>();

    /** Lengths of the keys of {@code lackingSlash}: most paths need not be looked up. */
    private final BitSet lackingLengths = new BitSet();

    /** A prefix and its routes, in order; {@code shorter} is the longest other prefix that it starts with. */
    record Place<P>(
            String prefix,
            List<RouteTable.Entry<P>> entries,
            @Nullable Place<P> shorter) {}

    private PrefixTable(Builder<P> builder) {
        exact = frozen(builder.exact);
        builder.prefixes.forEach((prefix, routes) -> {
            Place<P> before = places.isEmpty() ? null : places.get(places.size() - 1);
            places.add(new Place<>(prefix, List.copyOf(routes), startOf(prefix, before)));
        });
        Map<String, List<RouteTable.Entry<P>>> bare = new HashMap<>();
        builder.exact.forEach((path, routes) -> addLackingSlash(bare, path, routes));
        builder.prefixes.forEach((path, routes) -> addLackingSlash(bare, path, routes));
        lackingSlash = frozen(bare);
        bare.keySet().forEach(path -> lackingLengths.set(path.length()));
    }

    private static <P> Map<String, List<RouteTable.Entry<P>>> frozen(Map<String, List<RouteTable.Entry<P>>> map) {
        map.replaceAll((path, routes) -> List.copyOf(routes));
        // Not Map.copyOf: names that count up have hash codes side by side, and its open addressing makes long runs of
        // them.
        return map.isEmpty() ? Map.of() : map;
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

    /** Routes for exactly that path. */
    List<RouteTable.Entry<P>> exact(String path) {
        return exact.getOrDefault(path, List.of());
    }

    /** Routes that proxy, for that path and a slash: exact ones, then prefixes. */
    List<RouteTable.Entry<P>> lackingSlash(String path) {
        return lackingLengths.get(path.length()) ? lackingSlash.getOrDefault(path, List.of()) : List.of();
    }

    /** The longest prefix of the path, or null. */
    @Nullable
    Place<P> longest(String path) {
        int low = 0;
        int high = places.size() - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            if (places.get(middle).prefix.compareTo(path) <= 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return high < 0 ? null : startOf(path, places.get(high));
    }

    /** The first on the way up from there that the path starts with. */
    private static <P> @Nullable Place<P> startOf(String path, @Nullable Place<P> from) {
        Place<P> place = from;
        while (place != null && !path.startsWith(place.prefix)) {
            place = place.shorter;
        }
        return place;
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
