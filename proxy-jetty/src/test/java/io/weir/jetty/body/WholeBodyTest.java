package io.weir.jetty.body;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.body.Buffering;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.Trailers;
import org.eclipse.jetty.io.ArrayByteBufferPool;
import org.eclipse.jetty.io.Content;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A request's body that can be read as often as need be, however much of it is in the file. */
class WholeBodyTest {
    private final ArrayByteBufferPool.Tracking pool = new ArrayByteBufferPool.Tracking();
    private final Deque<Runnable> tasks = new ArrayDeque<>();
    private FakeDisk disk = new FakeDisk(Long.MAX_VALUE);
    private @Nullable WholeBody body;
    private boolean woken;

    @AfterEach
    void everyBufferAndFileIsGivenBack() {
        if (body != null) {
            body.close();
        }
        runTasks();
        assertThat(pool.getLeaks()).isEmpty();
        assertThat(disk.closed).isEqualTo(disk.files);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 10, 10",
        "1, 10, 10",
        "100000, 200000, 0",
        "100000, 0, 200000",
        "100000, 20000, 200000",
        "100000, 40000, 60000", // rounding leaves less of the memory than there is
        "300000, 100000, 200000",
        "32768, 0, 100000",
        "65536, 0, 100000"
    })
    void itIsReadTheSameEachTime(int size, long memory, long file) throws IOException {
        for (int seed = 0; seed < 20; seed++) {
            disk = new FakeDisk(Long.MAX_VALUE);
            WholeBody whole = new WholeBody(pool, this::execute, Buffering.on(memory, file), disk.files());
            byte[] sent = fill(whole, new Random(seed), size);
            whole.complete(Content.Chunk.EOF);

            assertThat(whole.length()).isEqualTo(size);
            assertThat(readAll(whole)).isEqualTo(sent);
            whole.rewind();
            readOnly(whole, size / 2);
            whole.rewind();
            assertThat(readAll(whole)).isEqualTo(sent);
            assertThat(whole.isExhausted()).isTrue();
            assertThat(disk.highest).isLessThanOrEqualTo(file);
            whole.close();
            runTasks();
            assertThat(disk.closed).isEqualTo(disk.files);
        }
    }

    @ParameterizedTest
    @CsvSource({"-1", "0", "1", "50000"})
    void whatHadComeWhenTheDiskFailedCanStillBeRead(long room) throws IOException {
        disk = new FakeDisk(room);
        WholeBody whole = body(Buffering.on(10_000, 1_000_000));
        ByteArrayOutputStream sent = new ByteArrayOutputStream();
        Random random = new Random(1);
        IOException trouble = null;
        while (trouble == null) {
            byte[] bytes = new byte[random.nextInt(20_000)];
            random.nextBytes(bytes);
            sent.writeBytes(bytes);
            ByteBuffer chunk = ByteBuffer.wrap(bytes);
            while (!whole.fill(chunk)) {
                try {
                    write(whole);
                } catch (IOException e) {
                    trouble = e;
                }
            }
        }

        assertThat(whole.isComplete()).isFalse();
        assertThat(whole.length()).isEqualTo(sent.size());
        for (int i = 0; i < 2; i++) {
            whole.rewind();
            assertThat(whole.isExhausted()).isFalse();
            assertThat(readAll(whole)).isEqualTo(sent.toByteArray());
            assertThat(whole.isExhausted()).isTrue();
        }
    }

    @Test
    void trailersComeLastEachTime() throws IOException {
        WholeBody whole = body(Buffering.on(1, 1_000_000));
        byte[] sent = fill(whole, new Random(2), 70_000);
        whole.complete(new Trailers(HttpFields.build().add("X", "1")));

        assertThat(whole.hasTrailers()).isTrue();
        assertThat(readAll(whole)).isEqualTo(sent);
        whole.rewind();
        assertThat(readAll(whole)).isEqualTo(sent);
        assertThat(whole.read()).isInstanceOf(Trailers.class);
    }

    @Test
    void onceSettledItIsGivenBackWhenItHasBeenRead() throws IOException {
        WholeBody whole = body(Buffering.on(1, 1_000_000));
        fill(whole, new Random(2), 70_000);
        whole.complete(Content.Chunk.EOF);
        whole.settle();

        assertThat(readAll(whole)).hasSize(70_000);
        runTasks();

        assertThat(disk.closed).isEqualTo(1);
        assertThat(whole.read().isLast()).isTrue();
    }

    @Test
    void whoReadsOneThatWasClosedGetsNoEnd() throws IOException {
        WholeBody whole = body(Buffering.on(1, 1_000_000));
        fill(whole, new Random(2), 70_000);
        whole.complete(Content.Chunk.EOF);
        readOnly(whole, 10);

        whole.close();

        assertThat(Content.Chunk.isFailure(whole.read())).isTrue();
    }

    @Test
    void aReaderThatIsReplacedWhileTheFileIsReadIsForgotten() throws IOException {
        WholeBody whole = body(Buffering.on(1, 1_000_000));
        byte[] sent = fill(whole, new Random(2), 100_000);
        whole.complete(Content.Chunk.EOF);
        assertThat(whole.read()).isNull();
        whole.demand(() -> {
            throw new AssertionError("this one has been replaced");
        });
        assertThat(tasks).hasSize(1);

        whole.rewind();

        assertThat(readAll(whole)).isEqualTo(sent);
    }

    @Test
    void aFileThatCanNotBeReadIsAFailure() throws IOException {
        WholeBody whole = body(Buffering.on(1, 1_000_000));
        fill(whole, new Random(2), 100_000);
        whole.complete(Content.Chunk.EOF);
        disk.unreadable = true;

        assertThatThrownBy(() -> readAll(whole)).hasMessageContaining("can't be read");
    }

    private WholeBody body(Buffering buffering) {
        WholeBody made = new WholeBody(pool, this::execute, buffering, disk.files());
        body = made;
        return made;
    }

    private byte[] fill(WholeBody whole, Random random, int size) throws IOException {
        byte[] bytes = new byte[size];
        random.nextBytes(bytes);
        for (int at = 0; at < size; ) {
            int part = Math.min(size - at, random.nextInt(2) == 0 ? random.nextInt(100) : random.nextInt(20_000));
            ByteBuffer chunk = ByteBuffer.wrap(bytes, at, part);
            while (!whole.fill(chunk)) {
                write(whole);
            }
            at += part;
        }
        return bytes;
    }

    /** As the executor does. */
    private void write(WholeBody whole) throws IOException {
        disk.mayBlock = true;
        try {
            whole.write();
        } finally {
            disk.mayBlock = false;
        }
    }

    private byte[] readAll(WholeBody whole) {
        return readOnly(whole, Integer.MAX_VALUE);
    }

    private byte[] readOnly(WholeBody whole, int most) {
        ByteArrayOutputStream got = new ByteArrayOutputStream();
        while (got.size() < most) {
            Content.Chunk chunk = whole.read();
            if (chunk == null) {
                if (whole.isExhausted()) {
                    break;
                }
                woken = false;
                whole.demand(() -> woken = true);
                while (!woken) {
                    tasks.remove().run();
                }
                continue;
            }
            if (Content.Chunk.isFailure(chunk)) {
                throw new AssertionError(chunk.getFailure().getMessage());
            }
            ByteBuffer bytes = chunk.getByteBuffer();
            while (bytes.hasRemaining()) {
                got.write(bytes.get());
            }
            chunk.release();
            if (chunk.isLast()) {
                break;
            }
        }
        return got.toByteArray();
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
