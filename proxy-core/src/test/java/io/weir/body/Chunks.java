package io.weir.body;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.weir.http.ProxyError;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Sends a body through transformers, as an engine does, in chunks of a test's choosing. */
final class Chunks {
    private final BodyChain chain;
    private final List<Throwable> mistakes = new ArrayList<>();

    private Chunks(BodyTransformer... transformers) {
        chain = new BodyChain(List.of(transformers), ProxyError.TRANSFORM_FAILED, mistakes::add);
    }

    static Chunks through(BodyTransformer... transformers) {
        return new Chunks(transformers);
    }

    BodyChain chain() {
        return chain;
    }

    List<Throwable> mistakes() {
        return mistakes;
    }

    /** All that comes of these chunks, the last of which is the last. */
    byte[] send(List<byte[]> chunks) throws BodyException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = 0; i < chunks.size(); i++) {
            out.writeBytes(give(chunks.get(i), i == chunks.size() - 1));
        }
        return out.toByteArray();
    }

    String sendText(String... chunks) throws BodyException {
        List<byte[]> bytes = new ArrayList<>();
        for (String chunk : chunks) {
            bytes.add(chunk.getBytes(ISO_8859_1));
        }
        return new String(send(bytes), ISO_8859_1);
    }

    /** What comes of one chunk. */
    byte[] give(byte[] chunk, boolean last) throws BodyException {
        chain.offer(ByteBuffer.wrap(chunk), last);
        return take();
    }

    /** What was held back. */
    byte[] pause() throws BodyException {
        chain.pause();
        return take();
    }

    private byte[] take() throws BodyException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (ByteBuffer bytes = chain.next(); bytes != null; bytes = chain.next()) {
            byte[] copy = new byte[bytes.remaining()];
            bytes.get(copy);
            out.writeBytes(copy);
        }
        return out.toByteArray();
    }

    static List<byte[]> bytewise(byte[] body) {
        List<byte[]> chunks = new ArrayList<>();
        for (byte b : body) {
            chunks.add(new byte[] {b});
        }
        chunks.add(new byte[0]);
        return chunks;
    }

    /** Cut anywhere, empty chunks included. */
    static List<byte[]> cut(byte[] body, Random random, int most) {
        List<byte[]> chunks = new ArrayList<>();
        int at = 0;
        while (at < body.length) {
            int length = Math.min(body.length - at, random.nextInt(most + 1));
            chunks.add(java.util.Arrays.copyOfRange(body, at, at + length));
            at += length;
        }
        if (chunks.isEmpty() || random.nextBoolean()) {
            chunks.add(new byte[0]);
        }
        return chunks;
    }
}
