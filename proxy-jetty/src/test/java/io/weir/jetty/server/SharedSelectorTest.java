package io.weir.jetty.server;

import static java.util.Collections.nCopies;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.Test;

class SharedSelectorTest {
    private static final String GET = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

    private final List<String> done = Collections.synchronizedList(new ArrayList<>());

    @Test
    void aTaskIsPutOffUntilTheEndOfTheTurn() throws Exception {
        handle(() -> {
            SharedSelector.atEndOfTurn(() -> done.add("first at the end"));
            SharedSelector.atEndOfTurn(() -> done.add("second at the end"));
            done.add("in the turn");
        });

        assertThat(done).containsExactly("in the turn", "first at the end", "second at the end");
    }

    @Test
    void whatComesOfATaskIsDoneAtOnce() throws Exception {
        handle(() -> SharedSelector.atEndOfTurn(() -> {
            SharedSelector.atEndOfTurn(() -> done.add("inner"));
            done.add("outer");
        }));

        assertThat(done).containsExactly("inner", "outer");
    }

    @Test
    void notAnyNumberIsPutOff() throws Exception {
        handle(() -> {
            for (int i = 0; i < 70; i++) {
                SharedSelector.atEndOfTurn(() -> done.add("task"));
            }
            done.add("end of the turn");
        });

        List<String> expected = new ArrayList<>(nCopies(6, "task"));
        expected.add("end of the turn");
        expected.addAll(nCopies(64, "task"));
        assertThat(done).isEqualTo(expected);
    }

    @Test
    void aTaskThatFailsStopsNoOther() throws Exception {
        handle(() -> {
            SharedSelector.atEndOfTurn(() -> {
                throw new IllegalStateException("to be logged");
            });
            SharedSelector.atEndOfTurn(() -> done.add("done"));
        });

        assertThat(done).containsExactly("done");
    }

    @Test
    void withoutASelectorATaskIsDoneAtOnce() {
        SharedSelector.atEndOfTurn(() -> done.add("at once"));

        assertThat(done).containsExactly("at once");
    }

    /** The interest in a socket may come too late for the next select, so the one after that counts. */
    @Test
    void aSelectorIsSureOnlyAtTheEndOfALaterTurn() throws Exception {
        long[] ended = new long[1];
        handle(
                () -> {
                    SharedSelector here = SharedSelector.ofThisThread();
                    ended[0] = here.turns();
                    done.add("of two before, in the turn: " + here.hasHeardOut(ended[0] - 2));
                    SharedSelector.atEndOfTurn(() -> {
                        done.add("of two before, at its end: " + here.hasHeardOut(ended[0] - 2));
                        done.add("of the one before: " + here.hasHeardOut(ended[0] - 1));
                        done.add("of this one: " + here.hasHeardOut(ended[0]));
                    });
                },
                () -> {},
                () -> {
                    SharedSelector here = SharedSelector.ofThisThread();
                    SharedSelector.atEndOfTurn(() -> done.add("two later: " + here.hasHeardOut(ended[0])));
                });

        assertThat(done)
                .containsExactly(
                        "of two before, in the turn: false",
                        "of two before, at its end: true",
                        "of the one before: false",
                        "of this one: false",
                        "two later: true");
    }

    /** Runs each on the selector's thread, in a turn of its own, and waits until the last of these has ended. */
    private void handle(Runnable... turns) throws Exception {
        Queue<Runnable> left = new ConcurrentLinkedQueue<>(List.of(turns));
        Handler handler = new Handler.Abstract.NonBlocking() {
            @Override
            public boolean handle(Request request, Response response, Callback callback) {
                left.remove().run();
                SharedSelector.atEndOfTurn(callback::succeeded);
                return true;
            }
        };
        try (var server = new WatchingServer(handler).start()) {
            for (int i = 0; i < turns.length; i++) {
                try (var client = server.connect()) { // its own: a kept one may be read before the turn's end is over
                    client.send(GET).answer();
                }
            }
        }
    }
}
