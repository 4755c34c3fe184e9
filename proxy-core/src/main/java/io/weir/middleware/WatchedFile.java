package io.weir.middleware;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A text file that is read again when it has changed. Thread-safe; the engine does the reading, and logs what it finds. */
public interface WatchedFile {
    /**
     * What a file held.
     *
     * @param lines its lines; null if it could not be read
     */
    record Content(@Nullable List<String> lines) {
        /** Of a file that can't be read. */
        public static final Content UNREADABLE = new Content(null);
    }

    /** What it holds, if that was made sure of within the last second; else null, and it is to be {@link #read}. */
    @Nullable
    Content known();

    /** What it holds, looking after it first if that is due. Blocks. The same content is the same object. */
    Content read();

    /** Something is wrong with what it holds: the engine logs it, with the file's name. */
    default void complain(String problem) {}

    /** A file that can't be read, for engines that read none. */
    static WatchedFile unreadable() {
        return new WatchedFile() {
            @Override
            public Content known() {
                return Content.UNREADABLE;
            }

            @Override
            public Content read() {
                return Content.UNREADABLE;
            }
        };
    }
}
