package io.weir.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;

/**
 * Reads HTTP/1.1 off a socket, strictly, and remembers what it saw for the failure message.
 *
 * <p>A lenient reader would hide the very bugs that a proxy test looks for: a bare LF, a chunk size that is off by one,
 * a missing last chunk.
 */
final class WireReader {

    private static final Pattern CHUNK_SIZE = Pattern.compile("[0-9a-fA-F]{1,8}");
    private static final int TRANSCRIPT_BYTES = 64 * 1024;
    private static final int LINE_LIMIT = 2 * 1024 * 1024;

    private final Socket socket;
    private final InputStream in;
    private final AtomicLong bytesRead;
    private final StringBuffer transcript = new StringBuffer();
    private final byte[] buffer = new byte[16 * 1024];
    private int position;
    private int limit;
    private boolean atEnd;
    private long deadline;

    WireReader(Socket socket, AtomicLong bytesRead) throws IOException {
        this.socket = socket;
        this.in = socket.getInputStream();
        this.bytesRead = bytesRead;
    }

    /** A body and what follows it. */
    record Body(String content, List<Field> trailers, String flaw) {

        static final Body NONE = new Body("", List.of(), "");
    }

    /** Gives the reads that follow the kit's full deadline. */
    void restartClock() {
        deadline = System.nanoTime() + Await.DEADLINE.toNanos();
    }

    /** Waits without a deadline until something comes; false at the end of the stream. */
    boolean awaitByte() throws IOException {
        return position < limit || fill(0);
    }

    /** Whether the peer has closed or reset and all its bytes were read. */
    boolean isAtEnd() {
        return atEnd && position == limit;
    }

    /** The next byte, or -1 at the end of the stream. */
    int read() throws IOException {
        return position < limit || fillBeforeDeadline() ? buffer[position++] & 0xFF : -1;
    }

    /** Takes up to {@code wanted} bytes away and says how many they were: fewer only at the end of the stream. */
    long discard(long wanted) throws IOException {
        long left = wanted;
        restartClock();
        while (left > 0 && (position < limit || fillBeforeDeadline())) {
            restartClock();
            int taken = (int) Math.min(left, limit - position);
            position += taken;
            left -= taken;
        }
        return wanted - left;
    }

    /** The next line without its CRLF. */
    String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int b = read(); b != -1; b = read()) {
            if (b == '\n') {
                if (line.isEmpty() || line.charAt(line.length() - 1) != '\r') {
                    throw new Flaw("a line ends in a bare LF: " + printable(line));
                }
                line.setLength(line.length() - 1);
                if (line.indexOf("\r") >= 0 || line.indexOf("\0") >= 0) {
                    throw new Flaw("a line holds a bare CR or a NUL: " + printable(line));
                }
                return line.toString();
            }
            if (line.length() == LINE_LIMIT) {
                throw new Flaw("a line without end: " + printable(line.substring(0, 100)) + "...");
            }
            line.append((char) b);
        }
        throw new Flaw("the stream ended inside a line: " + printable(line));
    }

    /** The field lines up to and including the empty line. */
    List<Field> fields() throws IOException {
        List<Field> fields = new ArrayList<>();
        for (String line = line(); !line.isEmpty(); line = line()) {
            int colon = line.indexOf(':');
            if (colon < 1) {
                throw new Flaw("a field line without a name: " + printable(line));
            }
            fields.add(new Field(line.substring(0, colon), withoutOuterBlanks(line.substring(colon + 1))));
        }
        return fields;
    }

    /** The body that these fields announce; where they say nothing it is empty or goes on until the close. */
    Body body(List<Field> head, boolean untilCloseIfUnframed) {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        List<Field> trailers = List.of();
        String flaw = "";
        try {
            List<String> lengths = Field.all(head, "Content-Length");
            List<String> codings = Field.all(head, "Transfer-Encoding");
            if (lengths.size() + codings.size() > 1) {
                throw new Flaw("framed more than once: Content-Length " + lengths + ", Transfer-Encoding " + codings);
            }
            if (!codings.isEmpty()) {
                trailers = chunked(codings.get(0), content);
            } else if (!lengths.isEmpty()) {
                exactly(length(lengths.get(0)), content);
            } else if (untilCloseIfUnframed) {
                for (int b = read(); b != -1; b = read()) {
                    content.write(b);
                }
            }
        } catch (IOException e) {
            flaw = String.valueOf(e.getMessage());
        }
        return new Body(content.toString(ISO_8859_1), trailers, flaw);
    }

    /** The first bytes read so far, escaped. */
    String transcript() {
        return printable(transcript);
    }

    /** The first bytes read so far as they are. */
    String rawTranscript() {
        return transcript.toString();
    }

    private List<Field> chunked(String coding, ByteArrayOutputStream content) throws IOException {
        if (!coding.equalsIgnoreCase("chunked")) {
            throw new Flaw("unexpected transfer coding: " + printable(coding));
        }
        while (true) {
            String line = line();
            String size = line.contains(";") ? line.substring(0, line.indexOf(';')) : line;
            if (!CHUNK_SIZE.matcher(size).matches()) {
                throw new Flaw("not a chunk size: " + printable(line));
            }
            long length = Long.parseLong(size, 16);
            if (length == 0) {
                return fields();
            }
            exactly(length, content);
            if (read() != '\r' || read() != '\n') {
                throw new Flaw("a chunk of " + length + " bytes is not followed by CRLF");
            }
        }
    }

    private void exactly(long length, ByteArrayOutputStream content) throws IOException {
        for (long got = 0; got < length; got++) {
            int b = read();
            if (b == -1) {
                throw new Flaw("the stream ended after " + got + " of " + length + " bytes");
            }
            content.write(b);
        }
    }

    private static long length(String value) throws Flaw {
        try {
            if (value.matches("[0-9]+")) {
                return Long.parseLong(value);
            }
        } catch (NumberFormatException e) {
            throw new Flaw("not a length: " + printable(value));
        }
        throw new Flaw("not a length: " + printable(value));
    }

    private boolean fillBeforeDeadline() throws IOException {
        long left = (deadline - System.nanoTime()) / 1_000_000;
        if (left <= 0) {
            throw late();
        }
        return fill((int) left);
    }

    private boolean fill(int timeoutMillis) throws IOException {
        if (atEnd) {
            return false;
        }
        position = 0;
        limit = 0;
        try {
            socket.setSoTimeout(timeoutMillis);
            int count = in.read(buffer);
            atEnd = count == -1;
            limit = Math.max(0, count);
        } catch (SocketTimeoutException e) {
            throw late();
        } catch (SocketException e) {
            atEnd = true;
            throw e;
        }
        bytesRead.addAndGet(limit);
        int room = Math.min(limit, TRANSCRIPT_BYTES - transcript.length());
        transcript.append(new String(buffer, 0, Math.max(0, room), ISO_8859_1));
        return !atEnd;
    }

    private AssertionError late() {
        return new AssertionError("no more bytes within " + Await.DEADLINE.toSeconds() + " s; read so far (" + bytesRead
                + " bytes): " + transcript());
    }

    private static String withoutOuterBlanks(String value) {
        return value.replaceAll("^[ \t]+|[ \t]+$", "");
    }

    private static String printable(CharSequence bytes) {
        StringBuilder text = new StringBuilder("\"");
        for (int i = 0; i < Math.min(bytes.length(), 500); i++) {
            char c = bytes.charAt(i);
            switch (c) {
                case '\r' -> text.append("\\r");
                case '\n' -> text.append("\\n");
                default -> text.append(c >= ' ' && c < 0x7F ? String.valueOf(c) : String.format("\\x%02x", (int) c));
            }
        }
        return text.append(bytes.length() > 500 ? "\"..." : "\"").toString();
    }
}
