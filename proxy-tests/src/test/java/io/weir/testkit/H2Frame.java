package io.weir.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;

/**
 * One HTTP/2 frame as it is on the wire (RFC 9113 §4.1), right or wrong: nothing here checks what a frame says.
 *
 * @param type {@link #DATA} and so on, or one that does not exist
 * @param flags all eight bits
 * @param stream 0 for the connection
 */
public record H2Frame(int type, int flags, int stream, byte[] payload) {
    public static final int DATA = 0;
    public static final int HEADERS = 1;
    public static final int PRIORITY = 2;
    public static final int RST_STREAM = 3;
    public static final int SETTINGS = 4;
    public static final int PUSH_PROMISE = 5;
    public static final int PING = 6;
    public static final int GOAWAY = 7;
    public static final int WINDOW_UPDATE = 8;
    public static final int CONTINUATION = 9;

    public static final int END_STREAM = 0x1;
    public static final int ACK = 0x1;
    public static final int END_HEADERS = 0x4;

    /** Error codes of RFC 9113 §7. */
    public static final int PROTOCOL_ERROR = 1;

    public static final int FLOW_CONTROL_ERROR = 3;
    public static final int STREAM_CLOSED = 5;
    public static final int FRAME_SIZE_ERROR = 6;
    public static final int REFUSED_STREAM = 7;
    public static final int CANCEL = 8;
    public static final int COMPRESSION_ERROR = 9;
    public static final int ENHANCE_YOUR_CALM = 11;

    /** HEADERS that are whole. */
    public static H2Frame headers(int stream, boolean endStream, byte[] block) {
        return new H2Frame(HEADERS, END_HEADERS | (endStream ? END_STREAM : 0), stream, block);
    }

    public static H2Frame data(int stream, boolean endStream, String latin1) {
        return new H2Frame(DATA, endStream ? END_STREAM : 0, stream, latin1.getBytes(ISO_8859_1));
    }

    public static H2Frame reset(int stream, int error) {
        return new H2Frame(RST_STREAM, 0, stream, int32(error));
    }

    public static H2Frame windowUpdate(int stream, int increment) {
        return new H2Frame(WINDOW_UPDATE, 0, stream, int32(increment));
    }

    public static H2Frame ping() {
        return new H2Frame(PING, 0, 0, new byte[8]);
    }

    /** SETTINGS of one parameter. */
    public static H2Frame setting(int key, int value) {
        return new H2Frame(SETTINGS, 0, 0, joined(new byte[] {(byte) (key >> 8), (byte) key}, int32(value)));
    }

    /** A stream that depends on another, with the usual weight. */
    public static H2Frame priority(int stream, int dependency) {
        return new H2Frame(PRIORITY, 0, stream, joined(int32(dependency), new byte[] {15}));
    }

    /** A header block of literal fields without indexing, neither compressed nor checked (RFC 7541 §6.2.2). */
    public static byte[] block(Field... fields) {
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        for (Field field : fields) {
            block.write(0);
            literal(block, field.name());
            literal(block, field.value());
        }
        return block.toByteArray();
    }

    private static void literal(ByteArrayOutputStream block, String latin1) {
        int length = latin1.length();
        if (length < 127) {
            block.write(length);
        } else {
            block.write(127); // RFC 7541 §5.1: the rest in groups of seven bits
            int rest = length - 127;
            for (; rest >= 128; rest >>= 7) {
                block.write(rest & 127 | 128);
            }
            block.write(rest);
        }
        block.writeBytes(latin1.getBytes(ISO_8859_1));
    }

    /** The four bytes at that place of the payload. */
    public int int32At(int offset) {
        return (payload[offset] & 255) << 24
                | (payload[offset + 1] & 255) << 16
                | (payload[offset + 2] & 255) << 8
                | payload[offset + 3] & 255;
    }

    boolean has(int flag) {
        return (flags & flag) != 0;
    }

    byte[] encoded() {
        int length = payload.length;
        byte[] head = {(byte) (length >> 16), (byte) (length >> 8), (byte) length, (byte) type, (byte) flags};
        return joined(joined(head, int32(stream)), payload);
    }

    private static byte[] int32(int value) {
        return new byte[] {(byte) (value >> 24), (byte) (value >> 16), (byte) (value >> 8), (byte) value};
    }

    private static byte[] joined(byte[] first, byte[] second) {
        byte[] joined = new byte[first.length + second.length];
        System.arraycopy(first, 0, joined, 0, first.length);
        System.arraycopy(second, 0, joined, first.length, second.length);
        return joined;
    }
}
