package io.weir.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The real nginx, one worker, on ephemeral ports and with all its files in a directory of its own.
 *
 * <p>The traps it works around: Debian's binary writes to {@code /var} unless each path is set, its workers drop to a
 * user that can't enter a temporary directory, and it can't choose a port by itself, so a port found free is tried and,
 * if somebody was faster, another one.
 */
public final class Nginx implements AutoCloseable {

    private static final Path BINARY = Path.of("/usr/sbin/nginx");
    private static final Pattern PORT = Pattern.compile("\\{port([0-9]*)}");
    private static final int ATTEMPTS = 5;

    private final Path directory;
    private final Thread stopAtExit = new Thread(this::stop, "nginx-stop");
    private final List<Integer> ports;
    private final Process process;

    private Nginx(Path directory, String httpFragment, List<Integer> ports) throws IOException {
        this.directory = directory;
        this.ports = ports;
        Path configuration = directory.resolve("nginx.conf");
        Files.writeString(configuration, configuration(httpFragment), ISO_8859_1);
        process = new ProcessBuilder(
                        BINARY.toString(),
                        "-p",
                        directory.toString(),
                        "-c",
                        configuration.toString(),
                        "-e",
                        directory.resolve("error.log").toString())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("output.log").toFile())
                .start();
        Runtime.getRuntime().addShutdownHook(stopAtExit);
    }

    /** Skips the test where nginx is not installed; in CI that is a failure, lest the comparison be lost unnoticed. */
    public static void assumeInstalled() {
        boolean installed = Files.isExecutable(BINARY);
        if (!installed && System.getenv("CI") != null) {
            throw new AssertionError(BINARY + " is missing, and in CI it has to be there");
        }
        assumeTrue(installed, BINARY + " is missing");
    }

    /** Its version, such as {@code 1.22.1}. */
    public static String version() {
        try {
            Process process = new ProcessBuilder(BINARY.toString(), "-v")
                    .redirectErrorStream(true)
                    .start();
            String answer = new String(process.getInputStream().readAllBytes(), ISO_8859_1);
            return answer.trim().replaceFirst("^nginx version: nginx/([^ ]+).*", "$1");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Runs it and returns once it answers on its ports.
     *
     * @param httpFragment what belongs inside {@code http { }}, Latin-1; {@code {port}}, {@code {port2}} become ports
     */
    public static Nginx start(String httpFragment) {
        for (int attempt = 1; ; attempt++) {
            Nginx nginx = launch(httpFragment);
            try {
                Await.until(nginx::errorLog, () -> nginx.isReady() || !nginx.process.isAlive());
                if (nginx.isReady()) {
                    return nginx;
                }
            } catch (AssertionError e) {
                nginx.close();
                throw e;
            }
            String log = nginx.errorLog();
            nginx.close();
            if (attempt == ATTEMPTS || !log.contains("Address already in use")) {
                throw new AssertionError("nginx does not start: " + log);
            }
        }
    }

    /** The port that {@code {port}} became. */
    public int port() {
        return port(1);
    }

    /** The port that {@code {portN}} became. */
    public int port(int n) {
        return ports.get(n - 1);
    }

    /** The master process; its worker descends from it. */
    public ProcessHandle process() {
        return process.toHandle();
    }

    /** What it wrote to its error log (level {@code info}) and to its output. */
    public String errorLog() {
        try {
            return read("output.log") + read("error.log");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        Runtime.getRuntime().removeShutdownHook(stopAtExit);
        stop();
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Nginx launch(String httpFragment) {
        try {
            int highest = PORT.matcher(httpFragment)
                    .results()
                    .mapToInt(Nginx::number)
                    .max()
                    .orElse(1);
            return new Nginx(Files.createTempDirectory("weir-nginx"), httpFragment, freePorts(highest));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String configuration(String httpFragment) {
        String user = System.getProperty("user.name").equals("root") ? "user root;\n" : "";
        String fragment = PORT.matcher(httpFragment).replaceAll(match -> String.valueOf(port(number(match))));
        return user + """
                daemon off;
                worker_processes 1;
                pid nginx.pid;
                error_log error.log info;
                events { worker_connections 512; }
                http {
                    access_log off;
                    client_body_temp_path body;
                    proxy_temp_path proxy;
                    fastcgi_temp_path fastcgi;
                    uwsgi_temp_path uwsgi;
                    scgi_temp_path scgi;
                %s
                }
                """.formatted(fragment);
    }

    private static int number(MatchResult port) {
        return port.group(1).isEmpty() ? 1 : Integer.parseInt(port.group(1));
    }

    private static List<Integer> freePorts(int count) throws IOException {
        ServerSocket[] sockets = new ServerSocket[count];
        try {
            for (int i = 0; i < count; i++) {
                sockets[i] = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
            }
            return Stream.of(sockets).map(ServerSocket::getLocalPort).toList();
        } finally {
            for (ServerSocket socket : sockets) {
                if (socket != null) {
                    socket.close();
                }
            }
        }
    }

    private boolean isReady() {
        // That a port answers is not enough: it may be somebody else's, with nginx still trying to bind it.
        return errorLog().contains("start worker process ") && ports.stream().allMatch(Nginx::answers);
    }

    private static boolean answers(int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private String read(String file) throws IOException {
        Path path = directory.resolve(file);
        return Files.exists(path) ? Files.readString(path, ISO_8859_1) : "";
    }

    private void stop() {
        process.destroy();
        try {
            if (process.waitFor(Await.DEADLINE.toSeconds(), SECONDS)) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }
}
