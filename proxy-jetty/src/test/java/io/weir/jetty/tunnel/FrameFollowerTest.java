package io.weir.jetty.tunnel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FrameFollowerTest {
    private final FrameFollower frames = new FrameFollower();

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 125, 126, 127, 65_535, 65_536, 70_000})
    void aFrameOfAnyLengthEndsWhereItEnds(int length) {
        ByteBuffer bytes = ByteBuffer.wrap(concat(frame(0x82, length, true), frame(0x82, 3, false)));
        int first = frame(0x82, length, true).length;

        assertThat(frames.follow(bytes, true)).isEqualTo(first);
        assertThat(frames.isBetweenFrames()).isTrue();
        assertThat(frames.messages()).isOne();
        assertThat(bytes.position()).as("bytes taken").isZero();
    }

    @Test
    void withoutBeingToldToStopItFollowsAll() {
        ByteBuffer bytes = ByteBuffer.wrap(concat(frame(0x81, 3, true), frame(0x82, 300, false), frame(0x89, 2, true)));

        assertThat(frames.follow(bytes, false)).isEqualTo(bytes.remaining());
        assertThat(frames.messages()).isEqualTo(2);
    }

    @Test
    void fragmentsAreOneMessageAndControlFramesBetweenThemAreNone() {
        feed(frame(0x01, 3, true), frame(0x89, 1, true), frame(0x00, 3, true), frame(0x8a, 1, true));
        assertThat(frames.messages()).isZero();

        feed(frame(0x80, 3, true));
        assertThat(frames.messages()).isOne();
    }

    @Test
    void insideOfAHeadAndOfAPayloadItIsNotBetweenFrames() {
        byte[] frame = frame(0x82, 300, true);
        assertThat(frames.isBetweenFrames()).isTrue();
        for (int i = 0; i < frame.length - 1; i++) {
            frames.follow(ByteBuffer.wrap(frame, i, 1), true);
            assertThat(frames.isBetweenFrames()).as("after byte %d", i).isFalse();
        }
        frames.follow(ByteBuffer.wrap(frame, frame.length - 1, 1), true);
        assertThat(frames.isBetweenFrames()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void theCodeOfACloseIsReadMaskedOrNot(boolean masked) {
        assertThat(frames.closeCode()).isNull();

        feed(close(4999, masked, 'b', 'y', 'e'));

        assertThat(frames.closeCode()).isEqualTo(4999);
    }

    @Test
    void aCloseWithoutACodeIs1005() {
        feed(frame(0x88, 0, true));

        assertThat(frames.closeCode()).isEqualTo(1005);
    }

    /** A length whose top bit is set breaks RFC 6455: nothing is to be made of what follows, but no harm done either. */
    @Test
    void anImpossibleLengthIsFollowedForEver() {
        feed(new byte[] {(byte) 0x82, 127, -1, -1, -1, -1, -1, -1, -1, -1});

        feed(new byte[1000]);

        assertThat(frames.isBetweenFrames()).isFalse();
        assertThat(frames.messages()).isZero();
    }

    /** However the bytes are cut, the same is seen. */
    @Test
    void cutsMakeNoDifference() {
        Random random = new Random(7);
        for (int run = 0; run < 200; run++) {
            FrameFollower follower = new FrameFollower();
            List<byte[]> sent = new ArrayList<>();
            int messages = 0;
            for (int i = 0; i < 20; i++) {
                boolean control = random.nextInt(4) == 0;
                boolean fin = control || random.nextBoolean();
                int opcode = control ? 9 + random.nextInt(2) : random.nextInt(3);
                int length = control ? random.nextInt(126) : random.nextInt(70_000) >> random.nextInt(16);
                messages += fin && !control ? 1 : 0;
                sent.add(frame((fin ? 0x80 : 0) | opcode, length, random.nextBoolean()));
            }
            sent.add(close(3000 + run, random.nextBoolean()));
            byte[] all = concat(sent.toArray(byte[][]::new));

            for (int at = 0; at < all.length; ) {
                int count = Math.min(all.length - at, 1 + (random.nextInt(20_000) >> random.nextInt(14)));
                at += follower.follow(ByteBuffer.wrap(all, at, count), random.nextInt(3) == 0);
            }

            assertThat(follower.messages()).isEqualTo(messages);
            assertThat(follower.closeCode()).isEqualTo(3000 + run);
            assertThat(follower.isBetweenFrames()).isTrue();
        }
    }

    private void feed(byte[]... bytes) {
        frames.follow(ByteBuffer.wrap(concat(bytes)), false);
    }

    private static byte[] close(int code, boolean masked, int... reason) {
        byte[] payload = new byte[2 + reason.length];
        payload[0] = (byte) (code >> 8);
        payload[1] = (byte) code;
        for (int i = 0; i < reason.length; i++) {
            payload[2 + i] = (byte) reason[i];
        }
        return frame(0x88, payload, masked);
    }

    private static byte[] frame(int first, int length, boolean masked) {
        byte[] payload = new byte[length];
        java.util.Arrays.fill(payload, (byte) 0x88); // looks like a close frame to who has lost his way
        return frame(first, payload, masked);
    }

    private static byte[] frame(int first, byte[] payload, boolean masked) {
        ByteBuffer frame = ByteBuffer.allocate(payload.length + 14).put((byte) first);
        int bit = masked ? 0x80 : 0;
        if (payload.length < 126) {
            frame.put((byte) (bit | payload.length));
        } else if (payload.length < 65_536) {
            frame.put((byte) (bit | 126)).putShort((short) payload.length);
        } else {
            frame.put((byte) (bit | 127)).putLong(payload.length);
        }
        byte[] mask = {0x12, (byte) 0xb4, 0x56, 0x78};
        if (masked) {
            frame.put(mask);
        }
        for (int i = 0; i < payload.length; i++) {
            frame.put((byte) (masked ? payload[i] ^ mask[i % 4] : payload[i]));
        }
        byte[] bytes = new byte[frame.flip().remaining()];
        frame.get(bytes);
        return bytes;
    }

    private static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
