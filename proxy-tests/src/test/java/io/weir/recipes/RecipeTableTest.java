package io.weir.recipes;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The table of recipes lists what is there, all of it, and its links lead somewhere. */
class RecipeTableTest {
    private static final Pattern ROW =
            Pattern.compile("(?m)^\\| (\\d+) \\| \\[`(\\w+)`]\\((src/main/java/io/weir/examples/\\w+\\.java)\\) \\|");
    private static final Path EXAMPLES = Project.root().resolve("proxy-examples");

    @Test
    void eachMainHasItsRowAndEachRowItsMain() throws IOException {
        Set<String> mains;
        try (Stream<Path> files = Files.list(EXAMPLES.resolve("src/main/java/io/weir/examples"))) {
            mains = files.filter(RecipeTableTest::hasMain)
                    .map(file -> file.getFileName().toString().replace(".java", ""))
                    .collect(Collectors.toCollection(TreeSet::new));
        }

        assertThat(rows().stream().map(row -> row.group(2))).containsExactlyInAnyOrderElementsOf(mains);
    }

    @Test
    void eachClassHasAMainThatCanBeRun() throws Exception {
        for (MatchResult row : rows()) {
            assertThat(Class.forName("io.weir.examples." + row.group(2)).getMethod("main", String[].class))
                    .isNotNull();
            assertThat(EXAMPLES.resolve(row.group(3))).isRegularFile().hasFileName(row.group(2) + ".java");
        }
    }

    @Test
    void allSixteenAreThereInOrder() throws IOException {
        List<Integer> numbers =
                rows().stream().map(row -> Integer.valueOf(row.group(1))).toList();

        assertThat(numbers).isSorted();
        assertThat(new TreeSet<>(numbers))
                .containsExactlyElementsOf(IntStream.rangeClosed(1, 16).boxed().toList());
    }

    /** So no recipe can be there untested: each class is named by a test. */
    @Test
    void eachIsRunByATest() throws IOException {
        StringBuilder tests = new StringBuilder();
        Path sources = Project.root().resolve("proxy-tests/src/test/java/io/weir");
        try (Stream<Path> files = Stream.concat(Files.list(sources), Files.list(sources.resolve("recipes")))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                tests.append(Files.readString(file));
            }
        }

        assertThat(rows().stream()
                        .map(row -> row.group(2))
                        .filter(name -> tests.indexOf("io.weir.examples." + name) < 0))
                .isEmpty();
    }

    private static List<MatchResult> rows() throws IOException {
        return ROW.matcher(Files.readString(EXAMPLES.resolve("README.md"), UTF_8))
                .results()
                .toList();
    }

    private static boolean hasMain(Path file) {
        try {
            return Files.readString(file).contains("static void main(");
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
