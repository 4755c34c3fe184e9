package io.weir.jetty.upstream;

import io.weir.http.Headers;
import io.weir.http.ProxyError;
import io.weir.http.ResponseHead;
import io.weir.http.Tokens;
import java.nio.ByteBuffer;
import org.eclipse.jetty.http.HttpCompliance;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpParser;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.util.BufferUtil;
import org.jspecify.annotations.Nullable;

/**
 * Makes responses, one after the other, of the bytes of one connection. What could be read in two ways is a
 * {@link Problem}, after which nothing more is read. Does no I/O; not thread-safe.
 */
final class ResponseParser implements HttpParser.ResponseHandler {
    /** What is wrong with a response. */
    record Problem(
            ProxyError error, String detail, @Nullable Throwable cause) {}

    private static final int MOST_INTERIMS = 32;

    /** RFC 8446 §5.1: how a server that speaks TLS complains of what is none. */
    private static final byte TLS_ALERT = 0x15;

    private final HttpParser parser;
    private final int maxHeadBytes;
    private boolean answersHead;
    private int interims;

    // The message that is being read.
    private int status;
    private boolean http10;
    private boolean chunkedCoding;
    private boolean saysClose;
    private boolean saysKeepAlive;
    private Headers.Builder fields = Headers.builder();
    private @Nullable ResponseHead head;
    private @Nullable ByteBuffer content;
    private HttpFields.@Nullable Mutable trailers;
    private boolean headSeen;
    private boolean complete;
    private boolean persistent;
    private byte firstByte;
    private @Nullable Problem problem;

    /** Whether no byte of the message has been looked at yet. */
    private boolean fresh = true;

    /** What is still to come of a body whose head was plain; −1 where Jetty's parser reads the message. */
    private long plainLeft = -1;

    ResponseParser(int maxHeadBytes) {
        this.maxHeadBytes = maxHeadBytes;
        parser = new HttpParser(this, maxHeadBytes, HttpCompliance.STRICT);
        parser.setHeaderCacheCaseSensitive(true);
        parser.setHeaderCacheSize(0); // a connection's own cache is a large table, and slower than parsing
    }

    /** The response to the next request follows. */
    void begin(boolean toHead) {
        answersHead = toHead;
        interims = 0;
        nextMessage();
    }

    /** Takes bytes until there is something to tell: a head, a piece of body, the message's end, a problem. */
    void parse(ByteBuffer bytes) {
        boolean hadHead = headSeen;
        step(bytes);
        if (headSeen && !hadHead && !complete && status != 101) {
            step(bytes); // whether a body follows
        }
    }

    /** No more bytes will come. */
    void end() {
        persistent = false;
        if (parser.isState(HttpParser.State.EOF_CONTENT)) {
            parser.atEOF();
            step(BufferUtil.EMPTY_BUFFER);
        }
        if (!complete) {
            fail(ProxyError.CONNECTION_TERMINATED, "the upstream closed the connection", null);
        }
    }

    /** Something is wrong; the first thing counts. */
    void fail(ProxyError error, String detail, @Nullable Throwable cause) {
        persistent = false;
        if (problem == null && !complete) {
            problem = new Problem(error, detail, cause);
        }
    }

    /** The head that has come and was not taken; null if there is none. */
    @Nullable
    ResponseHead head() {
        return head;
    }

    /** Takes the head. After an interim one the next is read. */
    ResponseHead takeHead() {
        ResponseHead taken = head;
        if (taken == null) {
            throw new IllegalStateException("no head");
        }
        head = null;
        if (taken.isInterim()) {
            nextMessage();
        }
        return taken;
    }

    boolean hasContent() {
        return content != null;
    }

    /** Takes the piece of body that has come; it is a slice of the bytes that were parsed. Null if there is none. */
    @Nullable
    ByteBuffer takeContent() {
        ByteBuffer taken = content;
        content = null;
        return taken;
    }

    /** The piece of body that waits, if one does, will not be taken: then the message is not whole. */
    void drop() {
        if (content != null) {
            content = null;
            complete = false;
            fail(ProxyError.CONNECTION_TERMINATED, "the connection was closed", null);
        }
    }

    boolean hasTrailers() {
        return trailers != null;
    }

    /** Takes the trailers; null if there are none. */
    @Nullable
    HttpFields takeTrailers() {
        HttpFields.Mutable taken = trailers;
        trailers = null;
        return taken == null ? null : taken.asImmutable();
    }

    /** Whether the message has ended as it should. A piece of body may still wait to be taken. */
    boolean isComplete() {
        return complete;
    }

    /** Whether the connection may carry another request, as far as this response goes. */
    boolean isPersistent() {
        return persistent;
    }

    @Nullable
    Problem problem() {
        return problem;
    }

    // ---- what Jetty's parser finds ----

    @Override
    public void startResponse(HttpVersion version, int status, @Nullable String reason) {
        if (version != HttpVersion.HTTP_1_1 && version != HttpVersion.HTTP_1_0) {
            throw bad("version " + version);
        }
        if (status < 100) {
            throw bad("status " + status);
        }
        this.status = status;
        http10 = version == HttpVersion.HTTP_1_0;
    }

    @Override
    public void parsedHeader(HttpField field) {
        String value = field.getValue() == null ? "" : field.getValue();
        HttpHeader header = field.getHeader();
        if (header == HttpHeader.CONNECTION) {
            saysClose |= Tokens.contains(value, "close");
            saysKeepAlive |= Tokens.contains(value, "keep-alive");
        } else if (header == HttpHeader.TRANSFER_ENCODING) {
            if (http10 || chunkedCoding || !value.equalsIgnoreCase("chunked")) {
                // RFC 9112 §6.1; another coding could not be taken off or passed on.
                throw bad("Transfer-Encoding: " + value);
            }
            chunkedCoding = true;
        }
        fields.add(field.getName(), value);
    }

    @Override
    public boolean headerComplete() {
        if (status < 200 && status != 101 && ++interims > MOST_INTERIMS) {
            throw bad("more than " + MOST_INTERIMS + " interim responses");
        }
        if (status < 200 || status == 204) {
            fields.remove("Content-Length"); // RFC 9110 §8.6: it must not be there, and says nothing
        }
        head = new ResponseHead(status, fields.build());
        headSeen = true;
        boolean lastsUntilClose =
                !answersHead && !chunkedCoding && parser.getContentLength() < 0 && parser.hasContent();
        persistent = !saysClose && !lastsUntilClose && (!http10 || saysKeepAlive);
        return true;
    }

    @Override
    public boolean content(ByteBuffer piece) {
        content = piece;
        return true;
    }

    @Override
    public boolean contentComplete() {
        return false;
    }

    @Override
    public void parsedTrailer(HttpField field) {
        if (TrailerFields.mayHold(field.getName())) {
            if (trailers == null) {
                trailers = HttpFields.build();
            }
            trailers.add(field);
        }
    }

    @Override
    public boolean messageComplete() {
        complete = true;
        return true;
    }

    /** Jetty's parser says so of a body that is malformed; of the end of the stream it is not told, save where it may end. */
    @Override
    public void earlyEOF() {
        malformed("its body is malformed", null);
    }

    @Override
    public void badMessage(HttpException failure) {
        malformed(String.valueOf(failure.getReason()), null);
    }

    // ---- helpers ----

    private void step(ByteBuffer bytes) {
        if (problem != null) {
            return;
        }
        if (fresh && bytes.hasRemaining()) {
            fresh = false;
            if (beginsPlainly(bytes)) {
                return;
            }
        } else if (plainLeft >= 0) {
            readPlainly(bytes);
            return;
        }
        firstByte = bytes.hasRemaining() ? bytes.get(bytes.position()) : 0;
        try {
            parser.parseNext(bytes);
        } catch (RuntimeException | AssertionError e) {
            // Jetty asserts that what it throws has an error status, but takes the response's own.
            malformed("not understood", e);
        }
    }

    private boolean beginsPlainly(ByteBuffer bytes) {
        PlainHead plain = answersHead ? null : PlainHead.take(bytes, maxHeadBytes);
        if (plain == null) {
            return false;
        }
        status = plain.status();
        head = new ResponseHead(status, plain.fields());
        headSeen = true;
        persistent = !plain.fields().containsToken("Connection", "close");
        plainLeft = plain.length();
        complete = plainLeft == 0;
        return true;
    }

    private void readPlainly(ByteBuffer bytes) {
        int taken = (int) Math.min(plainLeft, bytes.remaining());
        if (taken > 0) {
            content = bytes.slice(bytes.position(), taken);
            bytes.position(bytes.position() + taken);
            plainLeft -= taken;
            complete = plainLeft == 0;
        }
    }

    private void malformed(String what, @Nullable Throwable cause) {
        if (parser.getHeaderLength() > maxHeadBytes) {
            fail(ProxyError.RESPONSE_HEAD_TOO_LARGE, "the upstream's head is larger than " + maxHeadBytes, cause);
        } else {
            fail(
                    ProxyError.PROTOCOL_ERROR,
                    "the upstream's answer is not HTTP: " + what
                            + (firstByte == TLS_ALERT ? "; does it speak TLS? use https://" : ""),
                    cause);
        }
    }

    private void nextMessage() {
        if (!fresh && plainLeft < 0) {
            parser.reset();
        }
        parser.setHeadResponse(answersHead);
        fresh = true;
        plainLeft = -1;
        status = 0;
        http10 = false;
        chunkedCoding = false;
        saysClose = false;
        saysKeepAlive = false;
        fields = Headers.builder();
        head = null;
        headSeen = false;
        content = null;
        trailers = null;
        complete = false;
        persistent = false;
    }

    private static HttpException.RuntimeException bad(String what) {
        return new HttpException.RuntimeException(502, what);
    }
}
