package io.weir.body;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Several transformers as one. */
final class Piped implements BodyTransformer {
    private final List<BodyTransformer> transformers;
    private final Pipeline pipeline;
    private boolean offered;

    Piped(BodyTransformer... transformers) {
        this.transformers = List.of(transformers);
        pipeline = new Pipeline(this.transformers);
    }

    @Override
    public void transform(ByteBuffer chunk, boolean last, Output out) throws IOException {
        if (!offered) {
            offered = true;
            pipeline.offer(chunk, last);
        }
        if (!passOn(out)) {
            offered = false;
        }
    }

    @Override
    public void flush(Output out) throws IOException {
        pipeline.pause();
        passOn(out);
    }

    @Override
    public void close() {
        RuntimeException broken = null;
        for (BodyTransformer one : transformers) {
            try {
                one.close();
            } catch (RuntimeException e) {
                broken = e; // the others are to be closed, too
            }
        }
        if (broken != null) {
            throw broken;
        }
    }

    /** Passes one piece on, if there is one; the next when that is delivered. */
    private boolean passOn(Output out) throws IOException {
        @Nullable ByteBuffer piece = pipeline.next();
        if (piece == null) {
            return false;
        }
        out.write(piece);
        out.again();
        return true;
    }
}
