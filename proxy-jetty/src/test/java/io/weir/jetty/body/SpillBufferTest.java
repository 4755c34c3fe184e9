package io.weir.jetty.body;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.body.Buffering;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.Trailers;
import org.eclipse.jetty.io.ArrayByteBufferPool;
import org.eclipse.jetty.io.Content;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A body that waits in memory and in a file: whole and in order, or seen to be broken; nothing is kept after its end. */
class SpillBufferTest {
    private static final Throwable GONE = new IOException("the reader has gone");

    private final ArrayByteBufferPool.Tracking pool = new ArrayByteBufferPool.Tracking();
    private final Deque<Runnable> tasks = new ArrayDeque<>();
    private final List<String> told = new ArrayList<>();
    private final ScriptedBody source = new ScriptedBody(pool);
    private final ByteArrayOutputStream got = new ByteArrayOutputStream();
    private FakeDisk disk = new FakeDisk(Long.MAX_VALUE);
    private boolean woken;

    @AfterEach
    void everyBufferAndFileIsGivenBack() {
        runTasks();
        assertThat(pool.getLeaks()).isEmpty();
        assertThat(disk.closed).isEqualTo(disk.files);
    }

    @Test
    void whatCameIsReadAtOnceAndNothingElseIsKept() {
        SpillBuffer buffer = buffering(Buffering.on(100, 0));
        source.arrive(new byte[10_000], false);

        Content.Chunk chunk = buffer.read();
        assertThat(chunk.remaining()).isEqualTo(10_000);
        chunk.release();

        assertThat(buffer.read()).isNull();
        source.arrive(new byte[0], true);
        assertThat(buffer.read().isLast()).isTrue();
        assertThat(buffer.read().isLast()).isTrue();
        assertThat(told).containsExactly("done");
    }

    @Test
    void theLastBytesAreMarkedAsSuch() {
        SpillBuffer buffer = buffering(Buffering.on(100_000, 0));
        source.arrive(new byte[10], false);
        source.arrive(new byte[20], true);

        Content.Chunk chunk = buffer.read();

        assertThat(chunk.isLast()).isTrue();
        assertThat(chunk.remaining()).isEqualTo(30);
        chunk.release();
    }

    @Test
    void chunksOfOneByteShareBuffers() {
        SpillBuffer buffer = buffering(Buffering.on(16 * 1024, 0));
        assertThat(buffer.read()).isNull();
        for (int i = 0; i < 12 * 1024; i++) {
            source.arrive(new byte[1], false);
        }

        assertThat(pool.getLeaks()).hasSizeLessThanOrEqualTo(4);
        assertThat(source.taken).isEqualTo(12 * 1024);
        buffer.fail(GONE);
    }

    @Test
    void theSourceIsDoneLongBeforeTheReaderIs() {
        SpillBuffer buffer = buffering(Buffering.on(1, 1_000_000));
        buffer.demand(() -> woken = true);
        buffer.read();
        arrive(500_000);

        assertThat(told).containsExactly("done");
        assertThat(woken).isTrue();
        readAll(buffer);
        assertThat(got.size()).isEqualTo(500_000);
    }

    @Test
    void trailersFollowWhatCameThroughTheFile() {
        SpillBuffer buffer = buffering(Buffering.on(1, 1_000_000));
        buffer.read();
        for (int i = 0; i < 10; i++) {
            source.arrive(new byte[20_000], false);
            runTasks();
        }
        Trailers trailers = new Trailers(HttpFields.build().add("X", "1"));
        source.arrive(trailers);

        assertThat(readAll(buffer)).isSameAs(trailers);
        assertThat(got.size()).isEqualTo(200_000);
    }

    @Test
    void aSourceThatBreaksIsToldOfAtOnceAndReadLast() {
        SpillBuffer buffer = buffering(Buffering.on(1, 1_000_000));
        buffer.read();
        source.arrive(new byte[20_000], false);
        source.arrive(new byte[20_000], false);
        source.arrive(new byte[20_000], false);
        source.arrive(Content.Chunk.from(GONE, true));

        assertThat(told).containsExactly("broke");
        Content.Chunk end = readAll(buffer);

        assertThat(end.getFailure()).isSameAs(GONE);
        assertThat(got.size()).isEqualTo(60_000);
        assertThat(buffer.read().getFailure()).isSameAs(GONE);
    }

    @Test
    void aFileThatCanNotBeReadBreaksTheBody() {
        SpillBuffer buffer = buffering(Buffering.on(1, 1_000_000));
        buffer.read();
        for (int i = 0; i < 10; i++) {
            source.arrive(new byte[20_000], false);
            runTasks();
        }
        disk.unreadable = true;

        Content.Chunk end = readAll(buffer);

        assertThat(end.getFailure()).isInstanceOf(SpillBuffer.Lost.class).hasMessageContaining("input/output error");
        assertThat(source.failed).isInstanceOf(SpillBuffer.Lost.class);
    }

    @Test
    void aReaderThatLeavesWhileTheFileIsWrittenLeavesNothing() {
        SpillBuffer buffer = buffering(Buffering.on(1, 1_000_000));
        buffer.read();
        for (int i = 0; i < 5; i++) {
            source.arrive(new byte[20_000], false);
        }
        assertThat(tasks).isNotEmpty();

        buffer.fail(GONE);

        assertThat(source.failed).isSameAs(GONE);
        assertThat(buffer.read().getFailure()).isSameAs(GONE);
    }

    @Test
    void aSourceThatNeverPausesDoesNotKeepItsThread() {
        SpillBuffer buffer = buffering(Buffering.on(10_000_000, 0));
        for (int i = 0; i < 100; i++) {
            source.arrive(new byte[1000], false);
        }

        Content.Chunk first = buffer.read();

        assertThat(source.taken).isLessThan(50_000);
        assertThat(tasks).isNotEmpty();
        first.release();
        runTasks();
        assertThat(source.taken).isEqualTo(100_000);
        buffer.fail(GONE);
    }

    /** Sizes of memory and file, and of the disk's room; −1: it can't hold a file. */
    static List<long[]> settings() {
        List<long[]> settings = new ArrayList<>();
        for (long memory : new long[] {0, 1, 5_000, 100_000}) {
            for (long file : new long[] {0, 1, 30_000, 500_000}) {
                if (memory + file > 0) {
                    settings.add(new long[] {memory, file, Long.MAX_VALUE});
                }
                if (file > 1) {
                    settings.add(new long[] {memory, file, -1});
                    settings.add(new long[] {memory, file, 0});
                    settings.add(new long[] {memory, file, 20_123});
                }
            }
        }
        return settings;
    }

    @ParameterizedTest
    @MethodSource("settings")
    void theBytesAreTheSameInWhateverOrderThingsHappen(long[] setting) {
        for (int seed = 0; seed < 25; seed++) {
            got.reset();
            told.clear();
            disk = new FakeDisk(setting[2]);
            ScriptedBody body = new ScriptedBody(pool);
            SpillBuffer buffer = buffering(body, Buffering.on(setting[0], setting[1]));

            byte[] sent = happen(new Random(seed), body, buffer, setting[0] + setting[1]);

            assertThat(got.toByteArray()).as("seed %d", seed).isEqualTo(sent);
            assertThat(disk.highest).isLessThanOrEqualTo(setting[1]);
            assertThat(told).as("seed %d", seed).contains("done");
            assertThat(told.stream().filter("trouble"::equals).count()).isLessThanOrEqualTo(1);
            runTasks();
            assertThat(disk.closed).isEqualTo(disk.files);
        }
    }

    private byte[] happen(Random random, ScriptedBody body, SpillBuffer buffer, long capacity) {
        ByteArrayOutputStream sent = new ByteArrayOutputStream();
        int total = random.nextInt(300_000);
        int pace = 1 + random.nextInt(4);
        boolean ended = false;
        woken = true;
        for (int steps = 0; steps < 1_000_000; steps++) {
            int what = random.nextInt(2 + pace);
            if (what == 0 && !tasks.isEmpty()) {
                tasks.remove().run();
            } else if (what == 1 && woken) {
                Content.Chunk chunk = buffer.read();
                if (chunk == null) {
                    woken = false;
                    buffer.demand(() -> woken = true);
                } else if (keep(chunk)) {
                    return sent.toByteArray();
                }
            } else if (what > 1 && body.isDemanded()) {
                byte[] bytes = new byte[random.nextInt(3) == 0 ? random.nextInt(20) : random.nextInt(17_000)];
                random.nextBytes(bytes);
                sent.writeBytes(bytes);
                ended = sent.size() >= total;
                body.arrive(bytes, ended);
            }
            long waits = body.taken - got.size();
            assertThat(waits).isLessThanOrEqualTo(capacity + 4 * Piece.LARGEST);
        }
        throw new AssertionError("it stands still; tasks " + tasks.size() + ", woken " + woken + ", ended " + ended);
    }

    private SpillBuffer buffering(Buffering buffering) {
        return buffering(source, buffering);
    }

    private SpillBuffer buffering(ScriptedBody body, Buffering buffering) {
        SpillBuffer.Listener listener = new SpillBuffer.Listener() {
            @Override
            public void upstreamDone() {
                told.add("done");
            }

            @Override
            public void bufferedBroke(Throwable cause) {
                told.add("broke");
            }
        };
        return new SpillBuffer(
                body, buffering, disk.files(), pool, this::execute, listener, trouble -> told.add("trouble"));
    }

    private void arrive(int bytes) {
        for (int left = bytes; left > 0; left -= 10_000) {
            source.arrive(new byte[10_000], left == 10_000);
            runTasks();
        }
    }

    /** Reads until the end, which it returns. */
    private Content.Chunk readAll(SpillBuffer buffer) {
        while (true) {
            Content.@Nullable Chunk chunk = buffer.read();
            if (chunk == null) {
                assertThat(tasks).as("tasks that bring the next chunk").isNotEmpty();
                tasks.remove().run();
            } else if (keep(chunk)) {
                return chunk;
            }
        }
    }

    private boolean keep(Content.Chunk chunk) {
        if (Content.Chunk.isFailure(chunk)) {
            return true;
        }
        ByteBuffer bytes = chunk.getByteBuffer();
        while (bytes.hasRemaining()) {
            got.write(bytes.get());
        }
        chunk.release();
        return chunk.isLast();
    }

    /** The executor: there, and nowhere else, the disk may be used. */
    private void execute(Runnable task) {
        FakeDisk used = disk;
        tasks.add(() -> {
            used.mayBlock = true;
            task.run();
            used.mayBlock = false;
        });
    }

    private void runTasks() {
        while (!tasks.isEmpty()) {
            tasks.remove().run();
        }
    }
}
