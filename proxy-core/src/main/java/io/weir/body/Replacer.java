package io.weir.body;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/** Replaces texts in one body. It holds back no more than what may be the beginning of one. */
final class Replacer implements BodyTransformer {
    /** Taken in one go. */
    private static final int PIECE = 16 * 1024;

    /** Written in one go, and one replacement more: a short text may have a long one. */
    private static final int MOST_AT_ONCE = 64 * 1024;

    private static final int NONE = -1;
    private static final int PERHAPS = -2;

    private final byte[][] texts;
    private final byte[][] replacements;
    private final boolean[] spent;
    private final boolean once;
    private final boolean exactCase;
    private final boolean[] begins = new boolean[256];

    /** What was taken and is not yet decided about. */
    private byte[] held = new byte[0];

    /** Whether that is for want of more. */
    private boolean waits;

    Replacer(List<TextReplacement.Pair> pairs, boolean once, boolean exactCase) {
        this.once = once;
        this.exactCase = exactCase;
        texts = new byte[pairs.size()][];
        replacements = new byte[pairs.size()][];
        spent = new boolean[pairs.size()];
        for (int i = 0; i < texts.length; i++) {
            texts[i] = pairs.get(i).text().clone();
            for (int at = 0; at < texts[i].length; at++) {
                texts[i][at] = folded(texts[i][at]);
            }
            replacements[i] = pairs.get(i).replacement();
            begins[texts[i][0] & 0xff] = true;
        }
    }

    @Override
    public void transform(ByteBuffer chunk, boolean last, Output out) {
        int taken = waits || held.length < PIECE ? Math.min(chunk.remaining(), PIECE) : 0;
        byte[] bytes = new byte[held.length + taken];
        System.arraycopy(held, 0, bytes, 0, held.length);
        chunk.get(bytes, held.length, taken);
        boolean end = last && !chunk.hasRemaining();
        ByteArrayOutputStream written = new ByteArrayOutputStream(bytes.length + 64);
        int copied = 0;
        int at = 0;
        waits = false;
        while (at < bytes.length && written.size() < MOST_AT_ONCE) {
            int found = begins[folded(bytes[at]) & 0xff] ? match(bytes, at, end) : NONE;
            if (found == PERHAPS) {
                waits = true;
                break;
            }
            if (found == NONE) {
                at++;
                continue;
            }
            written.write(bytes, copied, at - copied);
            written.writeBytes(replacements[found]);
            spent[found] = once;
            at += texts[found].length;
            copied = at;
        }
        written.write(bytes, copied, at - copied);
        held = Arrays.copyOfRange(bytes, at, bytes.length);
        out.write(ByteBuffer.wrap(written.toByteArray()));
        if (chunk.hasRemaining() || held.length > 0 && !waits) {
            out.again();
        }
    }

    /** Which text stands there: the first of them, or NONE, or PERHAPS where the bytes end before that is clear. */
    private int match(byte[] bytes, int from, boolean end) {
        for (int i = 0; i < texts.length; i++) {
            if (spent[i]) {
                continue;
            }
            byte[] text = texts[i];
            int length = Math.min(text.length, bytes.length - from);
            int same = 0;
            while (same < length && folded(bytes[from + same]) == text[same]) {
                same++;
            }
            if (same == text.length) {
                return i;
            }
            if (same == length && !end) {
                return PERHAPS;
            }
        }
        return NONE;
    }

    private byte folded(byte b) {
        return !exactCase && b >= 'A' && b <= 'Z' ? (byte) (b + 'a' - 'A') : b;
    }
}
