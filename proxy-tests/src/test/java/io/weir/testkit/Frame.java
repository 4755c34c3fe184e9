package io.weir.testkit;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** A WebSocket frame (RFC 6455 §5.2) as it is on the wire. A reserved bit, a wrong length: for tests to write by hand. */
public record Frame(boolean fin, int opcode, byte[] payload) {

    private static final byte[] MASK = {0x11, 0x22, 0x33, 0x44};

    /** Reads exactly so many bytes. */
    public interface Source {
        byte[] read(int count) throws IOException;
    }

    public static Frame text(String text) {
        return new Frame(true, 1, text.getBytes(StandardCharsets.UTF_8));
    }

    public static Frame binary(byte[] bytes) {
        return new Frame(true, 2, bytes);
    }

    public static Frame ping(String payload) {
        return new Frame(true, 9, payload.getBytes(StandardCharsets.UTF_8));
    }

    /** A close frame without a code. */
    public static Frame close() {
        return new Frame(true, 8, new byte[0]);
    }

    public static Frame close(int code, String reason) {
        byte[] text = reason.getBytes(StandardCharsets.UTF_8);
        return new Frame(
                true,
                8,
                ByteBuffer.allocate(2 + text.length)
                        .putShort((short) code)
                        .put(text)
                        .array());
    }

    /** The same as a fragment that others follow. */
    public Frame unfinished() {
        return new Frame(false, opcode, payload);
    }

    /** The same as what continues a message. */
    public Frame continuing() {
        return new Frame(fin, 0, payload);
    }

    /** As a server sends it. */
    public byte[] bytes() {
        return bytes(false);
    }

    /** As a client sends it. */
    public byte[] masked() {
        return bytes(true);
    }

    private byte[] bytes(boolean masked) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write((fin ? 0x80 : 0) | opcode);
        int bit = masked ? 0x80 : 0;
        if (payload.length < 126) {
            out.write(bit | payload.length);
        } else if (payload.length < 65_536) {
            out.write(bit | 126);
            out.writeBytes(
                    ByteBuffer.allocate(2).putShort((short) payload.length).array());
        } else {
            out.write(bit | 127);
            out.writeBytes(ByteBuffer.allocate(8).putLong(payload.length).array());
        }
        if (masked) {
            out.writeBytes(MASK);
        }
        for (int i = 0; i < payload.length; i++) {
            out.write(masked ? payload[i] ^ MASK[i % 4] : payload[i]);
        }
        return out.toByteArray();
    }

    /** The next one of a connection. */
    public static Frame read(Source source) throws IOException {
        byte[] head = source.read(2);
        long length = head[1] & 0x7f;
        if (length == 126) {
            length = ByteBuffer.wrap(source.read(2)).getShort() & 0xffff;
        } else if (length == 127) {
            length = ByteBuffer.wrap(source.read(8)).getLong();
        }
        byte[] mask = (head[1] & 0x80) != 0 ? source.read(4) : new byte[4];
        byte[] payload = source.read(Math.toIntExact(length));
        for (int i = 0; i < payload.length; i++) {
            payload[i] ^= mask[i % 4];
        }
        return new Frame((head[0] & 0x80) != 0, head[0] & 0x0f, payload);
    }

    /** The next one that comes to an upstream. */
    public static Frame read(UpstreamConnection connection) throws IOException {
        return read(connection::readBytes);
    }

    /** The next one that comes to a client. */
    public static Frame read(RawClient client) {
        try {
            return read((int count) -> client.readBytes(count).getBytes(StandardCharsets.ISO_8859_1));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** The payload as text. */
    public String text() {
        return new String(payload, StandardCharsets.UTF_8);
    }

    /** In one word, as {@code text hello}, {@code more …} for a fragment, {@code close 1001 bye} and {@code close}. */
    @Override
    public String toString() {
        String kind = switch (opcode) {
            case 0 -> "continued";
            case 1 -> "text";
            case 2 -> "binary";
            case 8 -> "close";
            case 9 -> "ping";
            case 10 -> "pong";
            default -> "opcode " + opcode;
        };
        String content = text();
        if (opcode == 8 && payload.length >= 2) {
            content = ByteBuffer.wrap(payload).getShort() + " "
                    + new String(payload, 2, payload.length - 2, StandardCharsets.UTF_8);
        }
        return ((fin ? "" : "unfinished ") + kind + " " + content).strip();
    }
}
