package io.weir.recipes;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The main of a recipe at work in a JVM of its own, as a reader would run it; both its output streams are one. */
final class MainProcess implements AutoCloseable {
    private static final Pattern LISTENS = Pattern.compile("listening on .*, ports \\[(\\d+)");

    private final Process process;
    private final BufferedReader output;
    private final Writer input;

    private MainProcess(Process process) {
        this.process = process;
        output = process.inputReader(UTF_8);
        input = process.outputWriter(UTF_8);
    }

    /** Starts it with these arguments, on a port of the system's choice where it asks {@code -Dport}. */
    static MainProcess start(Class<?> main, String... arguments) throws IOException {
        return startIn(Path.of(""), main, arguments);
    }

    /** The same, where the files that it names are in that directory. */
    static MainProcess startIn(Path directory, Class<?> main, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "-Dport=0",
                "-Dlogback.configurationFile=logback.xml", // the one of the tests shows warnings only
                main.getName()));
        command.addAll(List.of(arguments));
        return new MainProcess(new ProcessBuilder(command)
                .directory(directory.toAbsolutePath().toFile())
                .redirectErrorStream(true)
                .start());
    }

    /** The first port that the log says it listens on. */
    int awaitPort() throws IOException {
        String line = awaitLine("listening on");
        Matcher listens = LISTENS.matcher(line);
        if (!listens.find()) {
            throw new AssertionError("no port in: " + line);
        }
        return Integer.parseInt(listens.group(1));
    }

    /** The next line that holds that text. */
    String awaitLine(String part) throws IOException {
        StringBuilder said = new StringBuilder();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            if (line.contains(part)) {
                return line;
            }
            said.append(line).append('\n');
        }
        throw new AssertionError("no line with \"" + part + "\"; it said: " + said);
    }

    void pressEnter() throws IOException {
        input.write("\n");
        input.flush();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
