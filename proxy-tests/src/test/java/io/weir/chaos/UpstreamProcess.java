package io.weir.chaos;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.weir.testkit.Await;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/**
 * An {@link UpstreamMain} in a JVM of its own: what happens to it, happens to a process. It can be started again, on the
 * same port.
 *
 * <p>The trap it works around: while its process is dead, its port would be free for somebody else. It stays bound here,
 * where nobody listens, and the process may bind it all the same.
 */
final class UpstreamProcess implements AutoCloseable {
    private final Socket port = new Socket();
    private final List<String> posts = new CopyOnWriteArrayList<>();
    private final List<Thread> readers = new ArrayList<>();
    private final Thread killAtExit = new Thread(this::killProcess, "upstream-kill");
    private volatile Process process;

    private UpstreamProcess() throws IOException {
        port.setReuseAddress(true);
        port.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    /** Starts one and returns when it listens. */
    static UpstreamProcess open() {
        try {
            UpstreamProcess upstream = new UpstreamProcess();
            Runtime.getRuntime().addShutdownHook(upstream.killAtExit);
            upstream.start();
            return upstream;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String uri() {
        return "http://127.0.0.1:" + port.getLocalPort();
    }

    /** The targets of all POSTs that came to any of its processes. Complete once it is closed. */
    List<String> posts() {
        return posts;
    }

    /** Starts it again after {@link #kill} or {@link #terminate}, and returns when it listens. */
    void start() {
        try {
            process = new ProcessBuilder(command(port.getLocalPort()))
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            BufferedReader output = process.inputReader(ISO_8859_1);
            if (!UpstreamMain.LISTENING.equals(output.readLine())) {
                throw new AssertionError("the upstream of " + uri() + " does not start");
            }
            Thread reader = new Thread(() -> output.lines().forEach(posts::add), "upstream-output");
            reader.setDaemon(true);
            reader.start();
            readers.add(reader);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ends it as a crash does. */
    void kill() {
        killProcess();
        awaitEnd();
    }

    /** Ends it as an administrator does. */
    void terminate() {
        process.destroy();
        awaitEnd();
    }

    /** It stands still; its kernel goes on accepting connections. */
    void pause() {
        signal("-STOP");
    }

    /** It goes on where it was paused. */
    void unpause() {
        signal("-CONT");
    }

    /** From now on it answers later than the read clock allows, or in time again. */
    void slow(boolean slow) {
        try {
            process.getOutputStream()
                    .write(((slow ? UpstreamMain.SLOW : UpstreamMain.QUICK) + "\n").getBytes(ISO_8859_1));
            process.getOutputStream().flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        Runtime.getRuntime().removeShutdownHook(killAtExit);
        kill();
        Await.until("the upstream's output is read", () -> readers.stream().noneMatch(Thread::isAlive));
        try {
            port.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void killProcess() {
        Process running = process;
        if (running != null) {
            running.destroyForcibly();
        }
    }

    private void awaitEnd() {
        Await.until("the upstream's process ends", () -> !process.isAlive());
    }

    private void signal(String signal) {
        try {
            Process kill = new ProcessBuilder("kill", signal, String.valueOf(process.pid())).start();
            if (!kill.waitFor(Await.DEADLINE.toSeconds(), TimeUnit.SECONDS) || kill.exitValue() != 0) {
                throw new AssertionError("kill " + signal + " failed");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    private static List<String> command(int port) {
        try {
            Path classes = Path.of(UpstreamMain.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            return List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xshare:auto",
                    "-XX:TieredStopAtLevel=1",
                    "-XX:+UseSerialGC",
                    "-Xmx32m",
                    "-cp",
                    classes.toString(),
                    UpstreamMain.class.getName(),
                    String.valueOf(port));
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }
}
