package io.weir.bars;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import com.sun.management.UnixOperatingSystemMXBean;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * A server in a JVM of its own. Both ends of the talk are here: the child prints its port, then answers each line
 * that it reads: {@code memory}, {@code compilation}, {@code threads}, {@code descriptors}, or what else its main knows. It
 * ends when its input does, so it can't outlive whoever started it.
 */
final class PeerProcess implements AutoCloseable {
    private final Process process;
    private final BufferedWriter questions;
    private final BufferedReader answers;
    private final int port;

    private PeerProcess(Process process) throws IOException {
        this.process = process;
        questions = process.outputWriter(ISO_8859_1);
        answers = process.inputReader(ISO_8859_1);
        port = Integer.parseInt(answer());
    }

    /** Starts a main class of this class path, which calls {@link #serve}, and returns when it listens. */
    static PeerProcess start(Cpu cpu, List<String> options, Class<?> main, String... arguments) throws IOException {
        Process process = java(cpu, options, main, arguments);
        try {
            return new PeerProcess(process);
        } catch (IOException | RuntimeException e) {
            process.destroyForcibly();
            throw e;
        }
    }

    /** Starts a main class of this class path in a JVM of its own. */
    static Process java(Cpu cpu, List<String> options, Class<?> main, String... arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        command.addAll(options);
        command.add(main.getName());
        command.addAll(List.of(arguments));
        return new ProcessBuilder(cpu.bind(command))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    int port() {
        return port;
    }

    ProcessHandle handle() {
        return process.toHandle();
    }

    /** Bytes that it holds after a collection: on the heap and in direct buffers. */
    long memory() throws IOException {
        return ask("memory");
    }

    /** What its compilers have worked until now, in milliseconds. */
    long compilationMillis() throws IOException {
        return ask("compilation");
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }

    /** Its live threads. */
    long threads() throws IOException {
        return ask("threads");
    }

    /** Its open files and sockets. */
    long descriptors() throws IOException {
        return ask("descriptors");
    }

    synchronized long ask(String question) throws IOException {
        questions.write(question + "\n");
        questions.flush();
        return Long.parseLong(answer());
    }

    private String answer() throws IOException {
        String line = answers.readLine();
        if (line == null) {
            throw new IOException(
                    "the peer has ended: " + process.info().commandLine().orElse("?"));
        }
        return line;
    }

    // ---- in the child ----

    /** Tells the port, answers until the input ends, then ends this JVM. */
    static void serve(int port) throws IOException {
        serve(port, Map.of());
    }

    /** The same with more questions than every peer answers. */
    static void serve(int port, Map<String, LongSupplier> more) throws IOException {
        System.out.println(port);
        BufferedReader asked = new BufferedReader(new InputStreamReader(System.in, ISO_8859_1));
        for (String question = asked.readLine(); question != null; question = asked.readLine()) {
            System.out.println(
                    switch (question) {
                        case "memory" -> heldBytes();
                        case "compilation" -> compilationTime();
                        case "threads" -> ManagementFactory.getThreadMXBean().getThreadCount();
                        case "descriptors" -> openDescriptors();
                        default -> more.get(question).getAsLong();
                    });
        }
        Runtime.getRuntime().halt(0);
    }

    private static long compilationTime() {
        return ManagementFactory.getCompilationMXBean().getTotalCompilationTime();
    }

    private static long openDescriptors() {
        return ManagementFactory.getPlatformMXBean(UnixOperatingSystemMXBean.class)
                .getOpenFileDescriptorCount();
    }

    private static long heldBytes() {
        System.gc();
        long direct = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
        return direct + ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
