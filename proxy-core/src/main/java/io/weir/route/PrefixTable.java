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
    /** In the order of their prefixes. */
    private final List<Place<P>> places = new ArrayList<>();

    /** Lengths of the keys of {@code lackingSlash}: most paths need not be looked up. */
    private final BitSet lackingLengths = new BitSet();

    /** The different lengths of prefixes, ascending; empty where there are few. */
    private final int[] lengths;

    /** For each start of a prefix that a search may ask for, prefixes themselves included, the place of its longest prefix. */
    private final Map<String, Place<P>> starts;

    /** For starts that no shorter prefix fits. */
    private final Place<P> none = new Place<>("", List.of(), null);

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
        lengths = places.size() <= FEW
                ? new int[0]
                : places.stream()
                        .mapToInt(place -> place.prefix.length())
                        .sorted()
                        .distinct()
                        .toArray();
        starts = starts();
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

    /** Leaves for each prefix, at each length where the search for it goes on to longer ones, the mark that makes it do so. */
    private Map<String, Place<P>> starts() {
        Map<String, Place<P>> marks = new HashMap<>();
        for (Place<P> place : places) {
            String prefix = place.prefix;
            int low = 0;
            int high = lengths.length - 1;
            while (low <= high) {
                int middle = (low + high) >>> 1;
                if (lengths[middle] > prefix.length()) {
                    high = middle - 1;
                } else {
                    String start = prefix.substring(0, lengths[middle]);
                    Place<P> nearest = nearest(start);
                    marks.put(start, nearest == null ? none : nearest);
                    low = middle + 1;
                }
            }
        }
        return marks;
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
        if (lengths.length == 0) {
            return nearest(path);
        }
        Place<P> found = none;
        int low = 0;
        int high = lengths.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            Place<P> place = lengths[middle] > path.length() ? null : starts.get(path.substring(0, lengths[middle]));
            if (place == null) {
                high = middle - 1;
            } else {
                found = place;
                low = middle + 1;
            }
        }
        return found == none ? null : found;
    }

    private @Nullable Place<P> nearest(String path) {
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
