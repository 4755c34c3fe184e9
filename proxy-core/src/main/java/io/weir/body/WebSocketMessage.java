package io.weir.body;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** A whole message of a WebSocket: text or binary, from one side to the other. Immutable. */
public final class WebSocketMessage {
    private final boolean fromClient;
    private final boolean text;
    private final byte[] payload;

    private WebSocketMessage(boolean fromClient, boolean text, byte[] payload) {
        this.fromClient = fromClient;
        this.text = text;
        this.payload = payload;
    }

    /**
     * One that has come; for engines.
     *
     * @param text whether it is text, and the payload UTF-8
     * @param payload is not copied: nobody may change it from now on
     */
    public static WebSocketMessage received(boolean fromClient, boolean text, byte[] payload) {
        return new WebSocketMessage(fromClient, text, payload);
    }

    /** Whether it is on its way from the client to the upstream; else it comes from there. */
    public boolean isFromClient() {
        return fromClient;
    }

    /** Whether it is a text message; else it is a binary one. */
    public boolean isText() {
        return text;
    }

    /** Its text; of a binary message, its bytes read as UTF-8. */
    public String text() {
        return new String(payload, StandardCharsets.UTF_8);
    }

    /** Its bytes, of text in UTF-8; read-only. */
    public ByteBuffer payload() {
        return ByteBuffer.wrap(payload).asReadOnlyBuffer();
    }

    /** How many bytes it has. */
    public int size() {
        return payload.length;
    }

    /** A text message in its place. */
    public WebSocketMessage withText(String replacement) {
        return new WebSocketMessage(fromClient, true, replacement.getBytes(StandardCharsets.UTF_8));
    }

    /** A binary message in its place; the bytes are copied. */
    public WebSocketMessage withBytes(byte[] replacement) {
        return new WebSocketMessage(fromClient, false, replacement.clone());
    }

    /** Kind, size and direction; never the content, which is nobody's business in a log. */
    @Override
    public String toString() {
        return (text ? "text" : "binary") + " message of " + payload.length + " bytes from the "
                + (fromClient ? "client" : "upstream");
    }
}
