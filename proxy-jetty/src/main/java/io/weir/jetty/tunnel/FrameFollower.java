package io.weir.jetty.tunnel;

import io.weir.log.WebSocketSummary;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Follows the frames (RFC 6455 §5.2) of one direction of a WebSocket as its bytes pass, so that it is known where one ends,
 * how many messages there were, and with what code it was closed. Looks at heads and at the payload of close frames, skips
 * all else and copies nothing. What is no WebSocket is followed, too, to no use and no harm.
 *
 * <p>Used by one thread at a time; the counts may be read by any.
 */
final class FrameFollower {
    private static final int FIN = 0x80;
    private static final int MASKED = 0x80;
    private static final int CLOSE = 8;

    // The head of the frame that has begun.
    private int headBytes; // seen so far
    private int lengthBytes; // of the extended length
    private int first;
    private boolean masked;
    private int mask;
    private long left; // length, then what is left of the payload

    private int code;
    private int codeBytes;
    private boolean inPayload;

    private volatile long messages;
    private volatile @Nullable Integer closeCode;

    /** How many messages have passed whole. */
    long messages() {
        return messages;
    }

    /** The code of the close frame that has passed, {@link WebSocketSummary#NO_CODE} for one without; null for no frame. */
    @Nullable
    Integer closeCode() {
        return closeCode;
    }

    /** Whether a frame of this side's own may come next. */
    boolean isBetweenFrames() {
        return headBytes == 0;
    }

    /**
     * Follows bytes without taking them.
     *
     * @param toEndOfFrame whether to go no further than the first end of a frame
     * @return how many were followed: all, unless told to stop
     */
    int follow(ByteBuffer bytes, boolean toEndOfFrame) {
        int from = bytes.position();
        int to = bytes.limit();
        int at = from;
        while (at < to) {
            if (!inPayload) {
                head(bytes.get(at++));
            } else if (opcode() == CLOSE) {
                closing(bytes.get(at++));
            } else {
                long skipped = Math.min(left, to - at);
                at += (int) skipped;
                left -= skipped;
            }
            if (inPayload && left == 0) {
                endFrame();
                if (toEndOfFrame) {
                    break;
                }
            }
        }
        return at - from;
    }

    private int opcode() {
        return first & 0x0f;
    }

    private void head(byte next) {
        int value = next & 0xff;
        int index = headBytes++;
        if (index == 0) {
            first = value;
            return;
        }
        if (index == 1) {
            masked = (value & MASKED) != 0;
            int length = value & 0x7f;
            lengthBytes = length == 126 ? 2 : length == 127 ? 8 : 0;
            left = lengthBytes == 0 ? length : 0;
            mask = 0;
        } else if (index < 2 + lengthBytes) {
            left = left << 8 | value;
        } else {
            mask = mask << 8 | value;
        }
        if (headBytes == 2 + lengthBytes + (masked ? 4 : 0)) {
            inPayload = true;
            left &= Long.MAX_VALUE; // the top bit has to be 0
            code = 0;
            codeBytes = 0;
        }
    }

    private void closing(byte next) {
        if (codeBytes < 2) {
            int key = mask >>> (24 - 8 * codeBytes);
            code = code << 8 | (next ^ key) & 0xff;
            codeBytes++;
        }
        left--;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // one thread at a time writes
    private void endFrame() {
        if (opcode() == CLOSE) {
            closeCode = codeBytes == 2 ? code : WebSocketSummary.NO_CODE;
        } else if (opcode() < CLOSE && (first & FIN) != 0) {
            messages++;
        }
        headBytes = 0;
        inPayload = false;
    }
}
