package io.weir.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The real HAProxy, which passes TCP connections on with a PROXY header. It can't choose a port by itself, so one found free
 * is tried and, if somebody was faster, another one.
 */
public final class HaProxy implements AutoCloseable {
    private static final int ATTEMPTS = 5;

    private final Process process;
    private final int port;

    private HaProxy(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /** Passes connections on to that port with that option: {@code send-proxy}, {@code send-proxy-v2}. */
    public static HaProxy to(int upstreamPort, String option) {
        Command.assumeInstalled("haproxy");
        for (int attempt = 1; ; attempt++) {
            HaProxy started = launch("127.0.0.1:" + upstreamPort, option);
            Await.until("HAProxy listens", () -> !started.process.isAlive() || started.listens());
            if (started.process.isAlive()) {
                return started;
            }
            if (attempt == ATTEMPTS) {
                throw new AssertionError("HAProxy does not start: exit " + started.process.exitValue());
            }
        }
    }

    private static HaProxy launch(String upstream, String option) {
        try {
            int port;
            try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                port = free.getLocalPort();
            }
            Path file = Files.createTempFile("weir-haproxy", ".cfg");
            Files.writeString(file, """
                    defaults
                      mode tcp
                      timeout connect 5s
                      timeout client 10s
                      timeout server 10s
                    listen it
                      bind 127.0.0.1:%d
                      server weir %s %s
                    """.formatted(port, upstream, option));
            Process process = new ProcessBuilder("/usr/sbin/haproxy", "-db", "-q", "-f", file.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly, "haproxy-stop"));
            return new HaProxy(process, port);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private boolean listens() {
        try (RawClient client = RawClient.connect(port)) {
            return true;
        } catch (UncheckedIOException e) {
            return false;
        }
    }

    public int port() {
        return port;
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
