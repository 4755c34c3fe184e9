package io.weir.testkit;

import static java.util.Locale.ROOT;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ServerSocketFactory;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLServerSocket;

/**
 * An origin server of raw bytes that does to each connection what a script says.
 *
 * <p>It imitates every server that a proxy must survive: one that hangs, resets, closes an idle connection, promises
 * more than it sends, answers before it was asked, sends garbage, or takes and gives bytes at its own pace. It records
 * each request as it was on the wire. After its script a connection stays open, silently, until the proxy closes it.
 *
 * <pre>{@code
 * try (var upstream = ScriptedUpstream.of(connection -> {
 *     connection.readRequest();
 *     connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
 *     connection.close();
 * })) { ... }
 * }</pre>
 */
public final class ScriptedUpstream implements AutoCloseable {

    private final ServerSocket server;
    private final List<Script> scripts;
    private final String threadPrefix;
    private final List<UpstreamConnection> connections = new CopyOnWriteArrayList<>();
    private final List<RawRequest> requests = new CopyOnWriteArrayList<>();
    private final List<Thread> threads = new CopyOnWriteArrayList<>();
    private final List<Throwable> failures = new CopyOnWriteArrayList<>();
    private final AtomicInteger awaitedRequests = new AtomicInteger();
    private final AtomicLong bytesSent = new AtomicLong();
    private final AtomicLong bytesReceived = new AtomicLong();
    private final CountDownLatch closing = new CountDownLatch(1);

    private ScriptedUpstream(ServerSocketFactory sockets, boolean asksForCertificate, List<Script> scripts) {
        this.scripts = scripts;
        if (scripts.isEmpty()) {
            throw new IllegalArgumentException("scripts: none (expected: at least one)");
        }
        try {
            server = sockets.createServerSocket(0, 1_000, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (server instanceof SSLServerSocket secure) {
            secure.setNeedClientAuth(asksForCertificate);
        }
        threadPrefix = "upstream-" + port() + "-";
        startThread("accept", this::accept);
    }

    /** What happens on one connection. What it throws, other than by the proxy closing, surfaces at {@code close()}. */
    @FunctionalInterface
    public interface Script {
        void run(UpstreamConnection connection) throws Exception;
    }

    /** Gives each request these bytes; closes after them if they don't say where they end. HEAD gets the head alone. */
    public static ScriptedUpstream answering(String latin1Response) {
        String head = latin1Response.substring(0, latin1Response.indexOf("\r\n\r\n") + 4);
        String fields = head.toLowerCase(ROOT);
        boolean framed = fields.contains("\r\ncontent-length:")
                || fields.contains("\r\ntransfer-encoding:")
                || fields.matches("(?s)http/1.1 (204|304) .*");
        boolean keepAlive = framed && !fields.contains("\r\nconnection: close\r\n");
        return of(connection -> {
            do {
                connection.send(connection.readRequest().method().equals("HEAD") ? head : latin1Response);
            } while (keepAlive);
            connection.close();
        });
    }

    /** The n-th connection gets the n-th script, all further ones the last. */
    public static ScriptedUpstream of(Script... scripts) {
        return new ScriptedUpstream(ServerSocketFactory.getDefault(), false, List.of(scripts));
    }

    /** The same over TLS, with that certificate. What a proxy that refuses it does to the connection is no failure. */
    public static ScriptedUpstream secured(Identity identity, Script... scripts) {
        return new ScriptedUpstream(identity.context(List.of()).getServerSocketFactory(), false, List.of(scripts));
    }

    /** The same, for who shows that client's certificate. */
    public static ScriptedUpstream securedFor(Identity client, Identity identity, Script... scripts) {
        return new ScriptedUpstream(identity.context(List.of(client)).getServerSocketFactory(), true, List.of(scripts));
    }

    public int port() {
        return server.getLocalPort();
    }

    /** {@code http://127.0.0.1:port}, or {@code https}, without a path. */
    public String uri() {
        return (server instanceof SSLServerSocket ? "https" : "http") + "://127.0.0.1:" + port();
    }

    /** All requests read by scripts so far; one of which only the head was read is there without its body. */
    public List<RawRequest> requests() {
        return List.copyOf(requests);
    }

    /** The next request: the first call returns the first, the second call the second, and so on. */
    public RawRequest awaitRequest() {
        int index = awaitedRequests.getAndIncrement();
        Await.until(() -> "request " + (index + 1) + "; " + state(), () -> requests.size() > index);
        return requests.get(index);
    }

    /** How many connections were accepted, closed ones included. */
    public int connectionCount() {
        return connections.size();
    }

    public void awaitConnections(int count) {
        Await.until(() -> count + " connections; " + state(), () -> connections.size() >= count);
    }

    /** That connection, counted from 1, once the proxy has opened it. */
    public UpstreamConnection connection(int number) {
        awaitConnections(number);
        return connections.get(number - 1);
    }

    /** Waits until the proxy has closed or reset that connection, counted from 1. A script that stalls can't notice. */
    public void awaitClosed(int number) {
        Await.on("the proxy closes connection " + number, connection(number).closedByPeer());
    }

    /** Bytes that the kernel took off the scripts' hands, over all connections: where back-pressure shows. */
    public AtomicLong bytesSent() {
        return bytesSent;
    }

    /** Bytes that the scripts took from the kernel, over all connections. */
    public AtomicLong bytesReceived() {
        return bytesReceived;
    }

    /** Closes all connections, ends all threads, and fails the test if a script failed. */
    @Override
    public void close() {
        closing.countDown();
        try {
            server.close();
        } catch (IOException e) {
            failures.add(e);
        }
        connections.forEach(UpstreamConnection::close);
        Await.until("the upstream's threads end", () -> threads.stream().noneMatch(Thread::isAlive));
        if (!failures.isEmpty()) {
            AssertionError failed = new AssertionError("an upstream's script failed: " + failures.get(0));
            failures.forEach(failed::addSuppressed);
            throw failed;
        }
    }

    void received(RawRequest request) {
        requests.add(request);
    }

    void awaitClosing() {
        try {
            closing.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void accept() {
        while (true) {
            Socket socket;
            try {
                socket = server.accept();
            } catch (IOException e) {
                return;
            }
            try {
                int number = connections.size() + 1;
                UpstreamConnection connection = new UpstreamConnection(this, number, socket);
                connections.add(connection);
                if (closing.getCount() == 0) {
                    connection.close();
                }
                startThread("connection-" + number, () -> run(connection));
            } catch (IOException e) {
                failures.add(e);
            }
        }
    }

    private void run(UpstreamConnection connection) {
        try {
            scripts.get(Math.min(connection.number(), scripts.size()) - 1).run(connection);
            connection.hang();
        } catch (PeerClosed | SSLException e) {
            // The proxy closed; whether it should have is for the test to say.
        } catch (Throwable e) {
            if (!connection.isClosedHere()) {
                failures.add(e);
            }
        } finally {
            connection.close();
        }
    }

    private void startThread(String name, Runnable task) {
        Thread thread = new Thread(task, threadPrefix + name);
        thread.setDaemon(true);
        threads.add(thread);
        thread.start();
    }

    private String state() {
        return connections.size() + " connections, " + requests.size() + " requests, failures " + failures;
    }
}
