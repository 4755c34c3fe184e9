package io.weir.body;

import io.weir.http.ProxyError;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/**
 * Takes the content out of gzip members (RFC 1952), one after the other. A little that becomes very much does so in small
 * pieces, each delivered before the next. What follows a whole member and is none is ignored, as gzip and browsers do.
 */
final class GzipDecoder implements BodyTransformer {
    private static final int MOST_AT_ONCE = 64 * 1024;
    private static final int FIXED_HEADER = 10;
    private static final int FLAG_CHECK = 2;
    private static final int FLAG_EXTRA = 4;
    private static final int FLAG_NAME = 8;
    private static final int FLAG_COMMENT = 16;

    private enum At {
        HEADER,
        EXTRA_LENGTH,
        EXTRA,
        NAME,
        COMMENT,
        HEADER_CHECK,
        DATA,
        TRAILER,
        BEYOND
    }

    private final @Nullable ProxyError error;
    private final Inflater inflater = new Inflater(true);
    private final CRC32 check = new CRC32();
    private final byte[] room = new byte[16 * 1024];
    private final ByteBuffer few = ByteBuffer.allocate(FIXED_HEADER).order(ByteOrder.LITTLE_ENDIAN);
    private At at = At.HEADER;
    private int flags;
    private int extraLeft;
    private int members;

    /** {@code error} is what bad data means; null to leave that open. */
    GzipDecoder(@Nullable ProxyError error) {
        this.error = error;
    }

    @Override
    public void transform(ByteBuffer chunk, boolean last, Output out) throws IOException {
        int written = 0;
        while (at == At.DATA || chunk.hasRemaining()) {
            if (at != At.DATA) {
                readAround(chunk);
                continue;
            }
            int count = inflate(chunk, out);
            written += count;
            if (count == 0 && at == At.DATA) {
                break; // all is used up
            }
            if (written >= MOST_AT_ONCE) {
                out.again();
                return;
            }
        }
        boolean between = at == At.BEYOND || at == At.HEADER && (members > 0 || few.position() == 0);
        if (last && !between) {
            throw bad("it ends early");
        }
    }

    @Override
    public void close() {
        inflater.end();
    }

    private int inflate(ByteBuffer chunk, Output out) throws IOException {
        inflater.setInput(chunk);
        int count;
        try {
            count = inflater.inflate(room);
        } catch (DataFormatException e) {
            throw bad(e.getMessage());
        }
        if (inflater.needsDictionary()) {
            throw bad("it needs a dictionary");
        }
        check.update(room, 0, count);
        out.write(ByteBuffer.wrap(Arrays.copyOf(room, count)));
        if (inflater.finished()) {
            at = At.TRAILER;
        }
        return count;
    }

    /** Reads on in a header or trailer. */
    private void readAround(ByteBuffer chunk) throws IOException {
        switch (at) {
            case HEADER -> {
                if (collected(chunk, FIXED_HEADER)) {
                    begin();
                }
            }
            case EXTRA_LENGTH -> {
                if (collected(chunk, 2)) {
                    extraLeft = few.getShort(0) & 0xffff;
                    at = At.EXTRA;
                    skipWhatIsNotThere();
                }
            }
            case EXTRA -> {
                int skipped = Math.min(extraLeft, chunk.remaining());
                chunk.position(chunk.position() + skipped);
                extraLeft -= skipped;
                skipWhatIsNotThere();
            }
            case NAME, COMMENT -> {
                if (chunk.get() == 0) {
                    at = at == At.NAME ? At.COMMENT : At.HEADER_CHECK;
                    skipWhatIsNotThere();
                }
            }
            case HEADER_CHECK -> {
                if (collected(chunk, 2)) {
                    at = At.DATA;
                }
            }
            case TRAILER -> {
                if (collected(chunk, 8)) {
                    end();
                }
            }
            default -> chunk.position(chunk.limit());
        }
    }

    private void begin() throws IOException {
        boolean magic = few.get(0) == 0x1f && few.get(1) == (byte) 0x8b && few.get(2) == 8;
        if (!magic && members > 0) {
            at = At.BEYOND;
            return;
        }
        flags = few.get(3);
        if (!magic || (flags & 0xe0) != 0) {
            throw bad("it has another header");
        }
        at = At.EXTRA_LENGTH;
        skipWhatIsNotThere();
    }

    private void skipWhatIsNotThere() {
        if (at == At.EXTRA_LENGTH && (flags & FLAG_EXTRA) == 0 || at == At.EXTRA && extraLeft == 0) {
            at = At.NAME;
        }
        if (at == At.NAME && (flags & FLAG_NAME) == 0) {
            at = At.COMMENT;
        }
        if (at == At.COMMENT && (flags & FLAG_COMMENT) == 0) {
            at = At.HEADER_CHECK;
        }
        if (at == At.HEADER_CHECK && (flags & FLAG_CHECK) == 0) {
            at = At.DATA;
        }
    }

    private void end() throws IOException {
        if (few.getInt(0) != (int) check.getValue() || few.getInt(4) != (int) inflater.getBytesWritten()) {
            throw bad("its check sum is another");
        }
        members++;
        inflater.reset();
        check.reset();
        at = At.HEADER;
    }

    /** Collects so many bytes over as many chunks as it takes. */
    private boolean collected(ByteBuffer chunk, int count) {
        int part = Math.min(count - few.position(), chunk.remaining());
        few.put(chunk.slice(chunk.position(), part));
        chunk.position(chunk.position() + part);
        if (few.position() < count) {
            return false;
        }
        few.clear();
        return true;
    }

    private IOException bad(@Nullable String what) {
        String detail = "the body is no gzip, though it says so: " + what;
        return error == null ? new ZipException(detail) : new BodyException(error, detail);
    }
}
