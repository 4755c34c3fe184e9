package io.weir.body;

import io.weir.http.ResponseHead;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Whether a body is taken as fast as its sender gives it, and where it waits for its receiver: first in memory, then in one
 * temporary file that no directory shows; beyond both its sender waits. Off by default (nginx: on). Immutable.
 *
 * <p><b>Responses</b> (nginx {@code proxy_buffering}): the connection to the upstream is free again when its last byte is
 * here, however slow the client is. Nothing is held back meanwhile: what has come goes on as soon as the client takes it,
 * so a stream of tokens arrives as it would without. But an upstream that streams for a client no longer feels whether that
 * one reads, which is why event streams ({@code text/event-stream}) are never buffered; turn it off for other streams
 * without end, such as NDJSON. Nor are tunnels buffered. The upstream's {@code X-Accel-Buffering: no} turns it off for one
 * response, and {@code yes} turns {@link #ifAsked} on.
 *
 * <p><b>Requests</b> (nginx {@code proxy_request_buffering}): the body is read whole before an upstream is chosen, so a slow
 * upload occupies none, its length is known to the upstream, and every attempt can send it again. One that does not fit
 * is refused with 413. Not for requests whose client waits for answers before it has sent all, as gRPC's streams do.
 *
 * <p>A file that can't be created or written is no failure: the body goes on with the memory alone, and the log says so.
 */
public final class Buffering {
    private enum Mode {
        OFF,
        IF_ASKED,
        ON
    }

    private static final Buffering OFF = new Buffering(Mode.OFF, 0, 0, null, false);

    private final Mode mode;
    private final long memory;
    private final long file;
    private final @Nullable Path directory;
    private final boolean ignoresUpstream;

    private Buffering(Mode mode, long memory, long file, @Nullable Path directory, boolean ignoresUpstream) {
        this.mode = mode;
        this.memory = memory;
        this.file = file;
        this.directory = directory;
        this.ignoresUpstream = ignoresUpstream;
    }

    /** Each end feels how fast the other is; the default. An upstream can't turn buffering on, for no sizes are known. */
    public static Buffering off() {
        return OFF;
    }

    /**
     * Buffers.
     *
     * @param memoryBytes bytes of one body that may wait in memory; a little more may be on its way to and from the file
     * @param fileBytes bytes of it that may wait in the file at a time (nginx {@code proxy_max_temp_file_size}); 0: no file
     * @throws IllegalArgumentException if one is negative, or both are 0
     */
    public static Buffering on(long memoryBytes, long fileBytes) {
        return sized(Mode.ON, memoryBytes, fileBytes);
    }

    /** Buffers responses whose upstream asks for it by {@code X-Accel-Buffering: yes}; the sizes are those of {@link #on}. */
    public static Buffering ifAsked(long memoryBytes, long fileBytes) {
        return sized(Mode.IF_ASKED, memoryBytes, fileBytes);
    }

    private static Buffering sized(Mode mode, long memory, long file) {
        check("memoryBytes", memory);
        check("fileBytes", file);
        if (memory == 0 && file == 0) {
            throw new IllegalArgumentException("memoryBytes, fileBytes: both 0; use Buffering.off()");
        }
        return new Buffering(mode, memory, file, null, false);
    }

    private static void check(String name, long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException(name + ": " + bytes + " (expected: >= 0 bytes)");
        }
    }

    /** Puts files there, in place of {@code java.io.tmpdir} (nginx {@code proxy_temp_path}). The directory must exist. */
    public Buffering directory(Path directory) {
        return new Buffering(mode, memory, file, directory, ignoresUpstream);
    }

    /** The upstream has no say (nginx {@code proxy_ignore_headers X-Accel-Buffering}). The client never sees the field. */
    public Buffering ignoringUpstream() {
        return new Buffering(mode, memory, file, directory, true);
    }

    // ---- what it decides ----

    /** Whether it buffers without being asked. */
    public boolean isOn() {
        return mode == Mode.ON;
    }

    /** Whether the sender's side decides: senseless for requests. */
    boolean dependsOnSender() {
        return mode == Mode.IF_ASKED || ignoresUpstream;
    }

    /** Bytes that may wait in memory. */
    public long memory() {
        return memory;
    }

    /** Bytes that may wait in the file; 0: no file. */
    public long file() {
        return file;
    }

    /** Where the file is; null: where the system has its temporary files. */
    public @Nullable Path directory() {
        return directory;
    }

    /** Bytes that may wait altogether. */
    public long capacity() {
        long both = memory + file;
        return both < 0 ? Long.MAX_VALUE : both;
    }

    /**
     * What holds for one response: this, turned on, or off.
     *
     * @param method the request's
     * @param head as the upstream sent it
     */
    public Buffering decide(String method, ResponseHead head) {
        if (mode == Mode.OFF) {
            return OFF;
        }
        boolean bodiless = method.equals("HEAD") || head.status() == 204 || head.status() == 304;
        if (bodiless || head.status() == 101 || head.isEventStream() || !isWanted(head)) {
            return OFF;
        }
        return isOn() ? this : new Buffering(Mode.ON, memory, file, directory, ignoresUpstream);
    }

    private boolean isWanted(ResponseHead head) {
        String asked = ignoresUpstream ? null : head.header("X-Accel-Buffering");
        if (asked == null) {
            return isOn();
        }
        return isOn() ? !asked.equalsIgnoreCase("no") : asked.equalsIgnoreCase("yes");
    }

    /** Its sizes, as an operator reads them. */
    @Override
    public String toString() {
        return mode == Mode.OFF ? "off" : mode + "(" + memory + " bytes in memory, " + file + " in a file)";
    }
}
