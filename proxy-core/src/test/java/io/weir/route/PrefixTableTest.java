package io.weir.route;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.Reply;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class PrefixTableTest {
    /** Few, so that prefixes often meet; some sort below and above the slash. */
    private static final String ALPHABET = "/ab!~\u00ff";

    @RepeatedTest(20)
    void theLongestPrefixesAreThoseOfANaiveSearch(RepetitionInfo run) {
        Random random = new Random(run.getCurrentRepetition());
        for (int i = 0; i < 200; i++) {
            Set<String> prefixes = new LinkedHashSet<>();
            for (int n = random.nextInt(30); n >= 0; n--) {
                prefixes.add(randomPath(random, 6));
            }
            PrefixTable<String> table = table(prefixes);
            for (int p = 0; p < 20; p++) {
                String path = randomPath(random, 9);

                assertThat(chain(table, path)).as("%s in %s", path, prefixes).isEqualTo(naive(prefixes, path));
            }
        }
    }

    @Test
    void anEmptyTableHasNoPrefix() {
        assertThat(chain(table(Set.of()), "/a")).isEmpty();
    }

    @Test
    void routesOfOnePrefixStayInOrder() {
        PrefixTable.Builder<String> builder = new PrefixTable.Builder<>();
        for (String plan : List.of("first", "second", "third")) {
            builder.prefix(new RouteTable.Entry<>(Route.any().answer(Reply.status(200)), plan));
        }
        PrefixTable<String> table = builder.build();

        assertThat(table.longest("/a").entries())
                .extracting(RouteTable.Entry::plan)
                .containsExactly("first", "second", "third");
    }

    private static String randomPath(Random random, int longest) {
        StringBuilder path = new StringBuilder("/");
        for (int n = random.nextInt(longest); n > 0; n--) {
            path.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
        }
        return path.toString();
    }

    private static PrefixTable<String> table(Set<String> prefixes) {
        PrefixTable.Builder<String> builder = new PrefixTable.Builder<>();
        for (String prefix : prefixes) {
            builder.prefix(prefix, new RouteTable.Entry<>(Route.any().answer(Reply.status(200)), prefix));
        }
        return builder.build();
    }

    /** From the longest on, all that the path starts with. */
    private static List<String> chain(PrefixTable<String> table, String path) {
        List<String> found = new ArrayList<>();
        for (var place = table.longest(path); place != null; place = place.shorter()) {
            found.add(place.entries().get(0).plan());
        }
        return found;
    }

    private static List<String> naive(Set<String> prefixes, String path) {
        return prefixes.stream()
                .filter(path::startsWith)
                .sorted(Comparator.comparingInt(String::length).reversed())
                .toList();
    }
}
