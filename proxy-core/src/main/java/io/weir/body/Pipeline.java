package io.weir.body;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Transformers in a row, asked from the end: each stage works only when the one behind it has nothing left. So no more is
 * held than what one call of each has written.
 */
final class Pipeline {
    private static final ByteBuffer EMPTY = ByteBuffer.allocate(0);

    private final Stage first;
    private final Stage end;
    private boolean pausing;

    /** At least one transformer, in the order in which they see the body. */
    Pipeline(List<BodyTransformer> transformers) {
        Stage stage = new Stage(transformers.get(0), null);
        first = stage;
        for (int i = 1; i < transformers.size(); i++) {
            stage = new Stage(transformers.get(i), stage);
        }
        end = stage;
    }

    /** Takes a chunk; only when {@link #next} has said null. */
    void offer(ByteBuffer chunk, boolean last) {
        pausing = false;
        first.give(chunk.asReadOnlyBuffer(), last);
    }

    /** There is no chunk for now: what {@link #next} gives is what was held back. */
    void pause() {
        pausing = true;
    }

    /** The next bytes; null if there are none without another chunk, or none any more. */
    @Nullable
    ByteBuffer next() throws IOException {
        return end.pull();
    }

    /** Whether all is out. */
    boolean isDone() {
        return end.isDone();
    }

    private final class Stage implements BodyTransformer.Output {
        private final BodyTransformer transformer;
        private final @Nullable Stage before;
        private final ArrayDeque<ByteBuffer> written = new ArrayDeque<>(2);
        private @Nullable ByteBuffer input;
        private boolean last;
        private boolean flushing;
        private boolean unflushed;
        private boolean again;
        private boolean ended;

        Stage(BodyTransformer transformer, @Nullable Stage before) {
            this.transformer = transformer;
            this.before = before;
        }

        void give(ByteBuffer chunk, boolean isLast) {
            input = chunk;
            last = isLast;
            unflushed = true;
        }

        boolean isDone() {
            return ended && written.isEmpty();
        }

        @Nullable
        ByteBuffer pull() throws IOException {
            while (true) {
                ByteBuffer next = written.poll();
                if (next != null || ended || !(input != null || flushing || fetch())) {
                    return next;
                }
                work();
            }
        }

        /** Gets something to do; false if there is nothing. */
        private boolean fetch() throws IOException {
            if (before != null) {
                ByteBuffer chunk = before.pull();
                if (chunk != null) {
                    give(chunk.asReadOnlyBuffer(), before.isDone());
                    return true;
                }
                if (before.ended) {
                    give(EMPTY, true);
                    return true;
                }
            }
            flushing = pausing && unflushed;
            unflushed &= !flushing;
            return flushing;
        }

        private void work() throws IOException {
            again = false;
            ByteBuffer chunk = input;
            int offered = chunk == null ? 0 : chunk.remaining();
            if (chunk == null) {
                transformer.flush(this);
            } else {
                transformer.transform(chunk, last, this);
            }
            if (again) {
                if (written.isEmpty() && (chunk == null || chunk.remaining() == offered)) {
                    throw new IllegalStateException("asked to be called again, but had taken and written nothing");
                }
                return;
            }
            flushing = false;
            if (chunk != null) {
                input = null;
                ended = last;
            }
        }

        @Override
        public void write(ByteBuffer bytes) {
            if (bytes.hasRemaining()) {
                written.add(bytes.slice());
            }
        }

        @Override
        public void again() {
            again = true;
        }
    }
}
