package io.weir.recipes;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.testkit.Command;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.module.Configuration;
import java.lang.module.FindException;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.lang.module.ResolvedModule;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A program outside the build needs {@code proxy-jetty}, what that requires, and nothing else. */
class ConsumerTest {
    private static final Pattern DEPENDENCY = Pattern.compile("(?s)<dependency>(.*?)</dependency>");

    @Test
    void itRunsOnTheModulePath(@TempDir Path out) {
        String path = path(required());
        compile("--module-path", path, "-d", out.toString(), source("module-info.java"), consumer());

        String said =
                java("--module-path", path + File.pathSeparator + out, "-m", "com.example.consumer/" + mainClass());

        assertThat(said).contains("answer: 200 /v2/users", "module: io.weir.jetty");
    }

    @Test
    void itRunsOnTheClassPath(@TempDir Path out) {
        String path = path(required());
        compile("--class-path", path, "-d", out.toString(), consumer());

        String said = java("--class-path", path + File.pathSeparator + out, mainClass());

        assertThat(said).contains("answer: 200 /v2/users", "module: null");
    }

    @Test
    void whatIsNeededIsJettyAndSlf4j() {
        List<String> foreign = required().stream()
                .map(module -> module.descriptor().name())
                .filter(name -> !name.startsWith("org.eclipse.jetty."))
                .toList();

        assertThat(foreign).containsExactlyInAnyOrder("io.weir.core", "io.weir.jetty", "org.slf4j");
    }

    @Test
    void thePomsSayTheSame() throws IOException {
        assertThat(groups("proxy-jetty/pom.xml"))
                .containsOnly(
                        "io.weir",
                        "org.slf4j",
                        "org.eclipse.jetty",
                        "org.eclipse.jetty.http2",
                        "org.eclipse.jetty.websocket");
        assertThat(groups("proxy-core/pom.xml")).isEmpty();
    }

    @Test
    void itNamesTheCoordinatesOfThisBuild() throws IOException {
        String pom = Files.readString(Project.root().resolve("proxy-jetty/pom.xml"));
        String consumer = Files.readString(Path.of(source("pom.xml")));

        assertThat(element(consumer, "dependencies"))
                .contains(
                        "<groupId>io.weir</groupId>",
                        "<artifactId>proxy-jetty</artifactId>",
                        "<version>" + element(pom, "version") + "</version>");
    }

    /** All modules but the JDK's that {@code io.weir.jetty} can't do without. */
    private static List<ModuleReference> required() {
        return Configuration.resolve(
                        everything(),
                        List.of(ModuleLayer.boot().configuration()),
                        ModuleFinder.of(),
                        Set.of("io.weir.jetty"))
                .modules()
                .stream()
                .map(ResolvedModule::reference)
                .toList();
    }

    /** What of the tests' class path has a module descriptor or can do without one. */
    private static ModuleFinder everything() {
        List<ModuleFinder> finders = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            ModuleFinder finder = ModuleFinder.of(Path.of(entry));
            try {
                finder.findAll();
                finders.add(finder);
            } catch (FindException e) {
                // It can't be a module, so it can't be required.
            }
        }
        return ModuleFinder.compose(finders.toArray(ModuleFinder[]::new));
    }

    private static String path(List<ModuleReference> modules) {
        return modules.stream()
                .map(module -> Path.of(module.location().orElseThrow()).toString())
                .collect(joining(File.pathSeparator));
    }

    /** Groups of what comes along with a module at run time. */
    private static Stream<String> groups(String pom) throws IOException {
        return DEPENDENCY
                .matcher(element(Files.readString(Project.root().resolve(pom)), "dependencies"))
                .results()
                .map(MatchResult::group)
                .filter(dependency -> !dependency.contains("<scope>test</scope>"))
                .filter(dependency -> !dependency.contains("<optional>true</optional>"))
                .map(dependency -> element(dependency, "groupId"));
    }

    private static String element(String xml, String name) {
        int start = xml.indexOf("<" + name + ">") + name.length() + 2;
        return xml.substring(start, xml.indexOf("</" + name + ">", start));
    }

    private static void compile(String... arguments) {
        StringWriter messages = new StringWriter();
        PrintWriter printer = new PrintWriter(messages);
        int exit = ToolProvider.findFirst("javac").orElseThrow().run(printer, printer, arguments);
        assertThat(exit).as("javac: " + messages).isZero();
    }

    private static String java(String... arguments) {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        return Command.run(Stream.concat(Stream.of(java), Stream.of(arguments)).toArray(String[]::new))
                .orFail();
    }

    private static String mainClass() {
        return "com.example.consumer.Consumer";
    }

    private static String consumer() {
        return source("com/example/consumer/Consumer.java");
    }

    private static String source(String name) {
        try {
            return Path.of(Objects.requireNonNull(ConsumerTest.class.getResource("/consumer/" + name))
                            .toURI())
                    .toString();
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }
}
