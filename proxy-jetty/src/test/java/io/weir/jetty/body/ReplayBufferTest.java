package io.weir.jetty.body;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.nio.ByteBuffer;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.Trailers;
import org.eclipse.jetty.io.ArrayByteBufferPool;
import org.eclipse.jetty.io.Content;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ReplayBufferTest {
    private static final int CAPACITY = 64 * 1024;

    private final ArrayByteBufferPool.Tracking pool = new ArrayByteBufferPool.Tracking();
    private final ReplayBuffer replay = new ReplayBuffer(pool, CAPACITY);

    @AfterEach
    void everyBufferIsGivenBack() {
        replay.close();
        assertThat(pool.getLeaks()).isEmpty();
    }

    @Test
    void whatIsKeptIsReadOnceMoreAndThenItIsTheClientsTurn() {
        replay.keep(chunk("abc"));
        replay.keep(chunk("def"));
        assertThat(replay.read()).isNull();

        replay.rewind();

        assertThat(readAll()).isEqualTo("abcdef");
        replay.keep(chunk("ghi"));
        assertThat(replay.read()).isNull();
        replay.rewind();
        assertThat(readAll()).isEqualTo("abcdefghi");
    }

    @Test
    void bytesThatTrickleTakeNoMoreBuffersThanBytesThatCrowd() {
        for (int i = 0; i < CAPACITY; i++) {
            replay.keep(chunk("x"));
        }

        long held = pool.getLeaks().stream().mapToLong(leak -> leak.getSize()).sum();
        assertThat(replay.isLost()).isFalse();
        assertThat(held).isLessThanOrEqualTo(CAPACITY);
        replay.rewind();
        assertThat(readAll()).hasSize(CAPACITY);
    }

    @Test
    void beyondItsCapacityNothingIsKept() {
        replay.keep(chunk("x".repeat(CAPACITY)));
        replay.keep(chunk("x"));

        assertThat(replay.isLost()).isTrue();
        assertThat(pool.getLeaks()).isEmpty();
        assertThatIllegalStateException().isThrownBy(replay::rewind);
    }

    @Test
    void whilePinnedWhatIsOnItsWayIsKeptInExcess() {
        replay.keep(chunk("x".repeat(CAPACITY)));
        assertThat(replay.pin()).isFalse();
        replay.keep(chunk("yz"));

        replay.rewind();

        assertThat(readAll()).hasSize(CAPACITY + 2).endsWith("xyz");
    }

    @Test
    void onceSettledWhatWasNotReadAgainStillIs() {
        replay.keep(chunk("x".repeat(20_000)));
        replay.rewind();
        Content.Chunk first = replay.read();

        replay.settle();
        replay.keep(chunk("late"));

        String rest = readAll();
        assertThat(first.remaining() + rest.length()).isEqualTo(20_000);
        first.release();
        assertThat(pool.getLeaks()).isEmpty();
    }

    @Test
    void aChunkThatIsBeingWrittenOutlivesTheBuffer() {
        replay.keep(chunk("abc"));
        replay.rewind();
        Content.Chunk writing = replay.read();

        replay.close();

        assertThat(ISO_8859_1.decode(writing.getByteBuffer().slice()).toString())
                .isEqualTo("abc");
        writing.release();
    }

    @Test
    void trailersComeLast() {
        Trailers trailers = new Trailers(HttpFields.from());
        replay.keep(chunk("abc"));
        replay.keep(trailers);
        replay.rewind();

        assertThat(readAll()).isEqualTo("abc");
        replay.rewind();
        replay.read().release();
        assertThat(replay.read()).isSameAs(trailers);
        assertThat(replay.read()).isNull();
    }

    private String readAll() {
        StringBuilder text = new StringBuilder();
        for (Content.Chunk chunk = replay.read(); chunk != null; chunk = replay.read()) {
            text.append(ISO_8859_1.decode(chunk.getByteBuffer().slice()));
            chunk.release();
        }
        return text.toString();
    }

    private static Content.Chunk chunk(String text) {
        return Content.Chunk.from(ByteBuffer.wrap(text.getBytes(ISO_8859_1)), false);
    }
}
