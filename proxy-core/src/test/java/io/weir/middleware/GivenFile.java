package io.weir.middleware;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A file that a test writes. It is not known until it was read, as when a second has gone by. */
final class GivenFile implements WatchedFile {
    final List<String> complaints = new ArrayList<>();
    private Content content = Content.UNREADABLE;
    private boolean fresh;

    void write(String... lines) {
        content = new Content(List.of(lines));
        fresh = false;
    }

    void lose() {
        content = Content.UNREADABLE;
        fresh = false;
    }

    @Override
    public @Nullable Content known() {
        return fresh ? content : null;
    }

    @Override
    public Content read() {
        fresh = true;
        return content;
    }

    @Override
    public void complain(String problem) {
        complaints.add(problem);
    }
}
