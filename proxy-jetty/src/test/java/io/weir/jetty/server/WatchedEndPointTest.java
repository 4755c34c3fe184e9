package io.weir.jetty.server;

import static io.weir.jetty.server.Until.until;
import static io.weir.jetty.server.WatchingServer.answer;
import static io.weir.jetty.server.WatchingServer.endPointOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.jetty.server.WatchingServer.BodyReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.AbstractConnection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpStream;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Invocable.InvocationType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class WatchedEndPointTest {
    private final ExecutorService upstream = Executors.newFixedThreadPool(2);
    private final AtomicInteger gone = new AtomicInteger();

    @AfterEach
    void stopUpstream() {
        upstream.shutdownNow();
    }

    /** Answers with the path, on another thread, and watches until then. */
    private final class PathFromElsewhere extends Handler.Abstract.NonBlocking {
        @Override
        public boolean handle(Request request, Response response, Callback callback) {
            WatchedEndPoint client = endPointOf(request);
            client.watch(gone::incrementAndGet);
            upstream.execute(() -> {
                client.unwatch();
                answer(response, callback, Request.getPathInContext(request));
            });
            return true;
        }
    }

    /** Answers with the body once it has read all of it, and watches until then. */
    private final class Echo extends Handler.Abstract {
        Echo(InvocationType type) {
            super(type);
        }

        @Override
        public boolean handle(Request request, Response response, Callback callback) {
            WatchedEndPoint client = endPointOf(request);
            client.watch(gone::incrementAndGet);
            upstream.execute(new BodyReader(request, body -> {
                client.unwatch();
                answer(response, callback, body);
            }));
            return true;
        }
    }

    /** Watches, and leaves the rest to the test. */
    private class Waiting extends Handler.Abstract.NonBlocking {
        final ConcurrentLinkedQueue<Held> held = new ConcurrentLinkedQueue<>();

        @Override
        public boolean handle(Request request, Response response, Callback callback) {
            WatchedEndPoint client = endPointOf(request);
            client.watch(gone::incrementAndGet);
            held.add(new Held(request, response, callback, client));
            return true;
        }

        Held next() throws Exception {
            until("a request arrives", () -> !held.isEmpty());
            return held.poll();
        }
    }

    private record Held(Request request, Response response, Callback callback, WatchedEndPoint client) {
        void answerWithPath() {
            client.unwatch();
            answer(response, callback, Request.getPathInContext(request));
        }
    }

    @Test
    void aConnectionIsKeptAliveThroughAThousandWatches() throws Exception {
        try (WatchingServer server = new WatchingServer(new PathFromElsewhere()).start();
                RawClient client = server.connect()) {
            for (int i = 0; i < 1_000; i++) {
                assertThat(client.get("/" + i).answer()).isEqualTo("/" + i);
            }

            assertThat(gone).hasValue(0);
        }
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrder() throws Exception {
        StringBuilder requests = new StringBuilder();
        for (int i = 0; i < 100; i++) {
            requests.append("GET /").append(i).append(" HTTP/1.1\r\nHost: h\r\n\r\n");
        }
        try (WatchingServer server = new WatchingServer(new PathFromElsewhere()).start();
                RawClient client = server.connect()) {
            client.send(requests.toString());

            for (int i = 0; i < 100; i++) {
                assertThat(client.answer()).isEqualTo("/" + i);
            }
        }
    }

    @Test
    void peekedRequestsAreReadNextWhateverTheirSize() throws Exception {
        Waiting handler = new Waiting();
        String padding = "x".repeat(3_000);
        try (WatchingServer server = new WatchingServer(handler).start();
                RawClient client = server.connect()) {
            client.get("/first");
            Held first = handler.next();
            client.send("GET /second HTTP/1.1\r\nHost: h\r\nPadding: " + padding + "\r\n\r\nGET /thi");
            until("the second request is peeked", () -> first.client.peekedBytes() > 3_000);
            client.send("rd HTTP/1.1\r\nHost: h\r\nPadding: " + padding + "\r\n\r\n");
            until("the peek is full", () -> first.client.peekedBytes() == WatchedEndPoint.PEEK_LIMIT);

            first.answerWithPath();
            handler.next().answerWithPath();
            handler.next().answerWithPath();

            assertThat(List.of(client.answer(), client.answer(), client.answer()))
                    .containsExactly("/first", "/second", "/third");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aBodyThatDripsInIsReadWholeWhileWatched(boolean chunked) throws Exception {
        try (WatchingServer server = new WatchingServer(new Echo(InvocationType.NON_BLOCKING)).start();
                RawClient client = server.connect()) {
            for (int i = 0; i < 20; i++) {
                client.send("POST / HTTP/1.1\r\nHost: h\r\n"
                        + (chunked ? "Transfer-Encoding: chunked\r\n\r\n" : "Content-Length: 100\r\n\r\n"));
                for (int drop = 0; drop < 50; drop++) {
                    client.send(chunked ? "2\r\nab\r\n" : "ab");
                }
                client.send(chunked ? "0\r\n\r\n" : "");

                assertThat(client.answer()).isEqualTo("ab".repeat(50));
            }
        }
    }

    @Test
    void aLargeBodyArrivesInOrder() throws Exception {
        StringBuilder body = new StringBuilder();
        for (int i = 0; body.length() < 2_000_000; i++) {
            body.append(i).append(' ');
        }
        try (WatchingServer server = new WatchingServer(new Echo(InvocationType.NON_BLOCKING)).start();
                RawClient client = server.connect()) {
            client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + body.length() + "\r\n\r\n");
            client.send(body.toString());

            assertThat(client.answer()).isEqualTo(body.toString());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aClientThatLeavesIsNoticedOnce(boolean politely) throws Exception {
        Waiting handler = new Waiting();
        try (WatchingServer server = new WatchingServer(handler).start();
                RawClient client = server.connect()) {
            client.get("/");
            Held held = handler.next();

            if (politely) {
                client.close();
            } else {
                client.reset();
            }

            until("the client is gone", () -> gone.get() > 0);
            assertThat(held.client.unwatch()).isFalse();
            held.callback.failed(new IOException("client gone"));
            until(
                    "the end point is closed",
                    () -> server.connector.getConnectedEndPoints().isEmpty());
        }
        assertThat(gone).hasValue(1);
    }

    @Test
    void aClientThatLeavesInTheMiddleOfItsBodyIsNoticedByReaderAndWatch() throws Exception {
        Waiting handler = new Waiting();
        try (WatchingServer server = new WatchingServer(handler).start();
                RawClient client = server.connect()) {
            client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n");
            Held held = handler.next();
            CompletableFuture<String> body = new CompletableFuture<>();
            upstream.execute(new BodyReader(held.request, body::complete));

            client.send("ab").finish();

            assertThat(body.get(10, TimeUnit.SECONDS)).startsWith("failed: ");
            until("the client is gone", () -> gone.get() > 0);
            held.callback.failed(new IOException("client gone"));
            until(
                    "the end point is closed",
                    () -> server.connector.getConnectedEndPoints().isEmpty());
        }
        assertThat(gone).hasValue(1);
    }

    @Test
    void anAnswerBeforeTheBodyIsReadKeepsTheConnectionIfTheBodyHasArrived() throws Exception {
        Waiting handler = new Waiting();
        try (WatchingServer server = new WatchingServer(handler).start();
                RawClient client = server.connect()) {
            client.send("POST /early HTTP/1.1\r\nHost: h\r\nContent-Length: 3000\r\n\r\n");
            Held early = handler.next();
            client.send("x".repeat(3_000));
            until("the body is peeked", () -> early.client.peekedBytes() == 3_000);

            early.answerWithPath();
            client.get("/next");
            handler.next().answerWithPath();

            assertThat(client.answer()).isEqualTo("/early");
            assertThat(client.answer()).isEqualTo("/next");
        }
    }

    @Test
    void aClientThatLeavesAfterItsBodyWasReadIsNoticed() throws Exception {
        Waiting handler = new Waiting();
        try (WatchingServer server = new WatchingServer(handler).start();
                RawClient client = server.connect()) {
            client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n");
            Held held = handler.next();
            CompletableFuture<String> body = new CompletableFuture<>();
            upstream.execute(new BodyReader(held.request, body::complete));
            until("the connection waits for the body", held.client::isFillInterested);
            client.send("abcd");
            assertThat(body.get(10, TimeUnit.SECONDS)).isEqualTo("abcd");
            assertThat(gone).hasValue(0);

            client.finish();

            until("the client is gone", () -> gone.get() == 1);
            held.callback.failed(new IOException("client gone"));
        }
    }

    @Test
    void aClientThatLeavesBehindAFullPeekIsNoticedOnceThatIsRead() throws Exception {
        Waiting handler = new Waiting();
        try (WatchingServer server = new WatchingServer(handler).start();
                RawClient client = server.connect()) {
            client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4096\r\n\r\n");
            Held held = handler.next();
            client.send("x".repeat(WatchedEndPoint.PEEK_LIMIT)).finish();
            until("the peek is full", () -> held.client.peekedBytes() == WatchedEndPoint.PEEK_LIMIT);
            assertThat(gone).hasValue(0);

            CompletableFuture<String> body = new CompletableFuture<>();
            upstream.execute(new BodyReader(held.request, body::complete));

            assertThat(body.get(10, TimeUnit.SECONDS)).hasSize(WatchedEndPoint.PEEK_LIMIT);
            until("the client is gone", () -> gone.get() == 1);
            held.callback.failed(new IOException("client gone"));
        }
    }

    @Test
    void aClientThatLeavesBehindPipelinedRequestsIsNoticedAndItsRequestsAreNotLost() throws Exception {
        Waiting handler = new Waiting();
        try (WatchingServer server = new WatchingServer(handler).start();
                RawClient client = server.connect()) {
            client.get("/first").get("/second").finish();

            Held first = handler.next();
            until("the client is gone", () -> gone.get() == 1);
            first.answerWithPath();
            Held second = handler.next();
            until("the client is gone for the second request, too", () -> gone.get() == 2);
            second.answerWithPath();

            assertThat(client.answer()).isEqualTo("/first");
            assertThat(client.answer()).isEqualTo("/second");
            assertThat(client.isAtEnd()).isTrue();
        }
    }

    @Test
    void nothingRunsOnceUnwatched() throws Exception {
        Waiting handler = new Waiting();
        try (WatchingServer server = new WatchingServer(handler).start();
                RawClient client = server.connect()) {
            client.get("/");
            Held held = handler.next();

            assertThat(held.client.unwatch()).isTrue();
            client.finish();
            held.answerWithPath();

            assertThat(client.answer()).isEqualTo("/");
            assertThat(client.isAtEnd()).isTrue();
            until(
                    "the end point is closed",
                    () -> server.connector.getConnectedEndPoints().isEmpty());
        }
        assertThat(gone).hasValue(0);
    }

    @Test
    void closingFromThisSideIsNoDeparture() throws Exception {
        Waiting handler = new Waiting();
        try (WatchingServer server = new WatchingServer(handler).start();
                RawClient client = server.connect()) {
            client.get("/");
            Held held = handler.next();

            held.client.close();

            assertThat(client.isAtEnd()).isTrue();
            held.callback.failed(new IOException("closed"));
            until(
                    "the end point is closed",
                    () -> server.connector.getConnectedEndPoints().isEmpty());
        }
        assertThat(gone).hasValue(0);
    }

    @Test
    void aServerStopsInTheMiddleOfAWatch() throws Exception {
        Waiting handler = new Waiting();
        WatchingServer server = new WatchingServer(handler).start();
        try (RawClient client = server.connect()) {
            client.get("/");
            Held held = handler.next();
            held.request.addFailureListener(held.callback::failed);

            server.stopAtOnce();

            client.readToTheEnd();
        }
        assertThat(gone).hasValue(0);
    }

    @Test
    void watchesFollowOneAnotherButDoNotOverlap() throws Exception {
        Waiting handler = new Waiting();
        try (WatchingServer server = new WatchingServer(handler).start();
                RawClient client = server.connect()) {
            client.get("/");
            Held held = handler.next();
            List<String> seen = new ArrayList<>();

            assertThatThrownBy(() -> held.client.watch(() -> {})).isInstanceOf(IllegalStateException.class);
            held.client.unwatch();
            held.client.watch(() -> seen.add("second"));
            held.client.unwatch();
            CompletableFuture<String> third = new CompletableFuture<>();
            held.client.watch(() -> third.complete("third"));
            client.finish();

            assertThat(third.get(10, TimeUnit.SECONDS)).isEqualTo("third");
            assertThat(seen).isEmpty();
            held.answerWithPath();
        }
    }

    @Test
    void whatAHostileClientPipelinesIsLeftToTcp() throws Exception {
        Waiting handler = new Waiting();
        try (WatchingServer server = new WatchingServer(handler).start();
                RawClient client = server.connect()) {
            client.get("/first");
            Held first = handler.next();
            AtomicInteger sent = new AtomicInteger();
            Thread hostile = new Thread(() -> {
                try {
                    String requests = "GET /more HTTP/1.1\r\nHost: h\r\n\r\n".repeat(1_000);
                    while (sent.addAndGet(requests.length()) < 10 << 20) {
                        client.send(requests);
                    }
                } catch (IOException x) {
                    // The server has hung up.
                }
            });
            hostile.start();

            until("the peek is full", () -> first.client.peekedBytes() == WatchedEndPoint.PEEK_LIMIT);
            until(
                    "the client is held back",
                    () -> hostile.getState() == Thread.State.RUNNABLE
                            && sent.get() > 100_000
                            && isStuck(hostile, sent));

            assertThat(first.client.peekedBytes()).isEqualTo(WatchedEndPoint.PEEK_LIMIT);
            assertThat(sent.get()).isLessThan(10 << 20);
            assertThat(gone).hasValue(0);
            first.client.close();
            first.callback.failed(new IOException("hostile"));
            hostile.join();
        }
    }

    // Stuck in the write: a while passes in which nothing more is sent.
    private static boolean isStuck(Thread writer, AtomicInteger sent) {
        int before = sent.get();
        for (int i = 0; i < 10_000; i++) {
            Thread.yield();
        }
        return sent.get() == before && writer.isAlive();
    }

    @Test
    void noClockOfTheConnectionRunsWhileItsRequestIsAnswered() throws Exception {
        AtomicInteger expired = new AtomicInteger();
        Waiting handler = new Waiting() {
            @Override
            public boolean handle(Request request, Response response, Callback callback) {
                request.addIdleTimeoutListener(timeout -> {
                    expired.incrementAndGet();
                    return false;
                });
                return super.handle(request, response, callback);
            }
        };
        WatchingServer server = new WatchingServer(handler);
        server.connector.setIdleTimeout(50);
        server.connector.setClientClocks(clocks(Duration.ofSeconds(60), Duration.ofMillis(300)));
        try (server;
                RawClient slow = server.start().connect();
                RawClient quick = server.connect()) {
            slow.get("/slow");
            Held waiting = handler.next();
            quick.get("/quick");
            handler.next().answerWithPath();
            assertThat(quick.answer()).isEqualTo("/quick");

            assertThat(quick.isAtEnd())
                    .as("keepAlive closes it once it is idle")
                    .isTrue();
            waiting.answerWithPath();

            assertThat(slow.answer()).isEqualTo("/slow");
            assertThat(slow.isAtEnd()).as("keepAlive closes it once it is idle").isTrue();
        }
        assertThat(expired).hasValue(0);
        assertThat(gone).hasValue(0);
    }

    @Test
    void aHeadThatTricklesOrNeverBeginsIsCutOffByItsClock() throws Exception {
        Waiting handler = new Waiting();
        WatchingServer server = new WatchingServer(handler);
        server.connector.setClientClocks(clocks(Duration.ofMillis(200), Duration.ofSeconds(60)));
        try (server;
                RawClient silent = server.start().connect();
                RawClient trickling = server.connect()) {
            trickling.send("GET / HTTP/1.1\r\nHost: h\r\n");

            until("the client that trickles is cut off", () -> isCutOff(trickling));
            assertThat(silent.isAtEnd()).as("the silent one, too").isTrue();
        }
        assertThat(handler.held).isEmpty();
    }

    private static boolean isCutOff(RawClient client) {
        try {
            client.send("X: 1\r\n");
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    private static ClientClocks clocks(Duration head, Duration keepAlive) {
        return new ClientClocks(head, keepAlive);
    }

    @Test
    void peekedBytesReachTheConnectionThatIsUpgradedTo() throws Exception {
        Waiting handler = new Waiting();
        try (WatchingServer server = new WatchingServer(handler).start();
                RawClient client = server.connect()) {
            client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: shout\r\n\r\n");
            Held held = handler.next();
            client.send("hel");
            until("bytes are peeked", () -> held.client.peekedBytes() == 3);

            held.client.unwatch();
            held.request.setAttribute(HttpStream.UPGRADE_CONNECTION_ATTRIBUTE, new Shout(held.client, upstream));
            held.response.setStatus(101);
            held.response.getHeaders().put(HttpHeader.CONNECTION, "upgrade").put(HttpHeader.UPGRADE, "shout");
            held.callback.succeeded();
            while (!client.line().isEmpty()) {
                // The head of the 101.
            }
            client.send("lo");

            assertThat(client.take(5)).isEqualTo("HELLO");
        }
    }

    /** Says everything again, louder. */
    private static final class Shout extends AbstractConnection.NonBlocking {
        Shout(EndPoint endPoint, ExecutorService executor) {
            super(endPoint, executor);
        }

        @Override
        public void onOpen() {
            super.onOpen();
            fillInterested();
        }

        @Override
        public void onFillable() {
            try {
                ByteBuffer buffer = BufferUtil.allocate(16);
                int filled = getEndPoint().fill(buffer);
                if (filled < 0) {
                    close();
                    return;
                }
                String louder = BufferUtil.toString(buffer).toUpperCase(Locale.ROOT);
                getEndPoint().write(Callback.NOOP, BufferUtil.toBuffer(louder));
                fillInterested();
            } catch (IOException x) {
                close();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = InvocationType.class,
            names = {"BLOCKING", "NON_BLOCKING"})
    void manyThreadsLoseNothing(InvocationType type) throws Exception {
        try (WatchingServer server = new WatchingServer(new Echo(type)).start()) {
            List<Thread> clients = new ArrayList<>();
            ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
            for (int i = 0; i < 8; i++) {
                Random random = new Random(i);
                Thread client = new Thread(() -> pipelineAtRandom(server, random));
                client.setUncaughtExceptionHandler((thread, x) -> failures.add(x));
                client.start();
                clients.add(client);
            }
            for (Thread client : clients) {
                client.join();
            }

            assertThat(failures).isEmpty();
            assertThat(gone).hasValue(0);
        }
    }

    /** Sends 300 posts cut into pieces of any size, reading answers whenever it likes. */
    private static void pipelineAtRandom(WatchingServer server, Random random) {
        try (RawClient client = server.connect()) {
            List<String> expected = new ArrayList<>();
            StringBuilder requests = new StringBuilder();
            for (int i = 0; i < 300; i++) {
                String body = (i + ",").repeat(random.nextInt(random.nextInt(10) == 0 ? 3_000 : 30));
                expected.add(body);
                requests.append("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ")
                        .append(body.length())
                        .append("\r\n\r\n")
                        .append(body);
            }
            Thread reader = new Thread(() -> {
                for (String body : expected) {
                    try {
                        assertThat(client.answer()).isEqualTo(body);
                    } catch (IOException x) {
                        throw new AssertionError(x);
                    }
                }
            });
            CompletableFuture<Throwable> failure = new CompletableFuture<>();
            reader.setUncaughtExceptionHandler((thread, x) -> failure.complete(x));
            reader.start();
            for (int from = 0; from < requests.length(); ) {
                int to = Math.min(requests.length(), from + 1 + random.nextInt(random.nextBoolean() ? 50 : 6_000));
                client.send(requests.substring(from, to));
                from = to;
            }
            reader.join();
            assertThat(failure).isNotDone();
        } catch (Exception x) {
            throw new AssertionError(x);
        }
    }
}
