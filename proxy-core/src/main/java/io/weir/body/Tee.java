package io.weir.body;

import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import java.nio.ByteBuffer;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Shows bodies to an observer, who can't disturb them: it gets copies, and one that throws hears no more, which the log
 * tells, while the message goes on. The body and its fields stay as they are. The observer must not block.
 */
public final class Tee {
    private Tee() {}

    /** Sees one body. */
    @FunctionalInterface
    public interface Observer {
        /** The next bytes, its own to keep, read-only; {@code last} with the last, of which there may be none. */
        void saw(ByteBuffer copy, boolean last);

        /** Nothing more comes; without a last before, the body broke off. */
        default void ended() {}
    }

    /** Of requests; {@code observers} gives one for each attempt to send one, null for none. */
    public static RequestTransform requests(Function<RequestHead, @Nullable Observer> observers) {
        return request -> teeing(observers.apply(request));
    }

    /** Of responses; {@code observers} gives one for each, null for none. */
    public static ResponseTransform responses(BiFunction<RequestHead, ResponseHead, @Nullable Observer> observers) {
        return (request, response) -> teeing(observers.apply(request, response));
    }

    private static @Nullable BodyTransformer teeing(@Nullable Observer observer) {
        return observer == null ? null : new Teeing(observer);
    }

    private static final class Teeing implements BodyTransformer {
        private final Observer observer;
        private @Nullable RuntimeException broken;

        Teeing(Observer observer) {
            this.observer = observer;
        }

        @Override
        public void transform(ByteBuffer chunk, boolean last, Output out) {
            if (broken == null) {
                ByteBuffer copy = ByteBuffer.allocate(chunk.remaining());
                copy.put(chunk.duplicate()).flip();
                try {
                    observer.saw(copy.asReadOnlyBuffer(), last);
                } catch (RuntimeException e) {
                    broken = e; // told when this is closed
                }
            }
            out.write(chunk);
        }

        @Override
        public boolean keepsBytes() {
            return true;
        }

        @Override
        public void close() {
            if (broken != null) {
                throw broken;
            }
            observer.ended();
        }
    }
}
