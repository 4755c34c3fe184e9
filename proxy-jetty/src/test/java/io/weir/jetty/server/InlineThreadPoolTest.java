package io.weir.jetty.server;

import static io.weir.jetty.server.WatchingServer.answer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.jetty.server.ConnectionMetaData;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Invocable.InvocationType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class InlineThreadPoolTest {
    private final InlineThreadPool pool = new InlineThreadPool(8, 2);

    @BeforeEach
    void startPool() throws Exception {
        pool.start();
    }

    @AfterEach
    void stopPool() throws Exception {
        pool.stop();
    }

    private static Connector connectorOf(InvocationType handlers) {
        Server server = new Server();
        server.setHandler(new Handler.Abstract(handlers) {
            @Override
            public boolean handle(Request request, Response response, Callback callback) {
                return false;
            }
        });
        return new ServerConnector(server);
    }

    /** Looks like an HTTP/1 connection to the pool. */
    private static Runnable continuation(InvocationType handlers, Runnable task) {
        Connector connector = connectorOf(handlers);
        return (Runnable) Proxy.newProxyInstance(
                InlineThreadPoolTest.class.getClassLoader(),
                new Class<?>[] {Runnable.class, ConnectionMetaData.class},
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "run" -> {
                        task.run();
                        yield null;
                    }
                    case "getConnector" -> connector;
                    case "hashCode" -> System.identityHashCode(proxy);
                    case "equals" -> proxy == arguments[0];
                    default -> "a continuation";
                });
    }

    private static Runnable continuation(Runnable task) {
        return continuation(InvocationType.NON_BLOCKING, task);
    }

    private <T> T onPool(Callable<T> task) throws Exception {
        CompletableFuture<T> result = new CompletableFuture<>();
        pool.execute(() -> {
            try {
                result.complete(task.call());
            } catch (Throwable x) {
                result.completeExceptionally(x);
            }
        });
        return result.get(10, TimeUnit.SECONDS);
    }

    @Test
    void aContinuationRunsWithinTheCall() throws Exception {
        boolean ran = onPool(() -> {
            boolean[] done = {false};
            pool.execute(continuation(() -> done[0] = true));
            return done[0];
        });

        assertThat(ran).isTrue();
    }

    @Test
    void anythingElseIsDispatched() throws Exception {
        CompletableFuture<Thread> other = new CompletableFuture<>();

        Thread caller = onPool(() -> {
            pool.execute(() -> other.complete(Thread.currentThread()));
            other.get(10, TimeUnit.SECONDS);
            return Thread.currentThread();
        });

        assertThat(other.get()).isNotSameAs(caller);
    }

    @Test
    void aContinuationIsDispatchedWhereAHandlerMayBlock() throws Exception {
        CompletableFuture<Thread> other = new CompletableFuture<>();

        Thread caller = onPool(() -> {
            pool.execute(continuation(InvocationType.BLOCKING, () -> other.complete(Thread.currentThread())));
            other.get(10, TimeUnit.SECONDS);
            return Thread.currentThread();
        });

        assertThat(other.get()).isNotSameAs(caller);
    }

    @Test
    void aContinuationIsDispatchedByAForeignThread() throws Exception {
        CompletableFuture<Thread> runner = new CompletableFuture<>();

        pool.execute(continuation(() -> runner.complete(Thread.currentThread())));

        assertThat(runner.get(10, TimeUnit.SECONDS)).isNotSameAs(Thread.currentThread());
    }

    @Test
    void aNestedContinuationWaitsForTheRunningOne() throws Exception {
        List<String> order = onPool(() -> {
            List<String> events = new ArrayList<>();
            pool.execute(continuation(() -> {
                events.add("first begins");
                pool.execute(continuation(() -> events.add("second")));
                events.add("first ends");
            }));
            return events;
        });

        assertThat(order).containsExactly("first begins", "first ends", "second");
    }

    @Test
    void afterSomeInARowTheNextIsDispatched() throws Exception {
        AtomicInteger inlined = new AtomicInteger();
        CompletableFuture<Thread> dispatched = new CompletableFuture<>();
        class Endless implements Runnable {
            private final Thread caller;

            Endless(Thread caller) {
                this.caller = caller;
            }

            @Override
            public void run() {
                if (Thread.currentThread() != caller) {
                    dispatched.complete(Thread.currentThread());
                    return;
                }
                inlined.incrementAndGet();
                pool.execute(continuation(this));
            }
        }

        onPool(() -> {
            pool.execute(continuation(new Endless(Thread.currentThread())));
            return dispatched.get(10, TimeUnit.SECONDS);
        });

        assertThat(inlined).hasValue(InlineThreadPool.MOST_IN_A_ROW);
    }

    @Test
    void aContinuationThatThrowsTakesNoOtherWithIt() throws Exception {
        CompletableFuture<String> second = new CompletableFuture<>();

        assertThatThrownBy(() -> onPool(() -> {
                    pool.execute(continuation(() -> {
                        pool.execute(continuation(() -> second.complete("ran")));
                        throw new IllegalStateException("thrown on purpose");
                    }));
                    return null;
                }))
                .hasRootCauseMessage("thrown on purpose");

        assertThat(second.get(10, TimeUnit.SECONDS)).isEqualTo("ran");
    }

    @Test
    void aStoppedPoolRejects() throws Exception {
        pool.stop();

        assertThatThrownBy(() -> pool.execute(continuation(() -> {}))).isInstanceOf(RejectedExecutionException.class);
    }

    @Test
    void theNextRequestIsHandledOnTheThreadThatEndsTheLast() throws Exception {
        List<Thread> threads = new CopyOnWriteArrayList<>();
        List<Integer> depths = new CopyOnWriteArrayList<>();
        CompletableFuture<Runnable> answerToFirst = new CompletableFuture<>();
        Handler handler = new Handler.Abstract.NonBlocking() {
            @Override
            public boolean handle(Request request, Response response, Callback callback) {
                if (Request.getPathInContext(request).equals("/other")) {
                    answer(response, callback, "");
                    return true;
                }
                threads.add(Thread.currentThread());
                depths.add(new Throwable().getStackTrace().length);
                if (!answerToFirst.complete(() -> answer(response, callback, ""))) {
                    answer(response, callback, "");
                }
                return true;
            }
        };
        try (WatchingServer server = new WatchingServer(handler).start();
                RawClient client = server.connect();
                RawClient other = server.connect()) {
            client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n".repeat(200));
            Runnable answer = answerToFirst.get(10, TimeUnit.SECONDS);
            other.get("/other").answer(); // the selector's thread has returned from the first request
            CompletableFuture<Thread> ending = new CompletableFuture<>();
            server.threads.execute(() -> {
                ending.complete(Thread.currentThread());
                answer.run();
            });
            for (int i = 0; i < 200; i++) {
                client.answer();
            }

            assertThat(threads.get(0)).isNotSameAs(ending.get());
            assertThat(threads.subList(1, 200)).containsOnly(ending.get());
            assertThat(depths).allMatch(depth -> depth < 150);
        }
    }
}
