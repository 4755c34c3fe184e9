package io.weir.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static org.eclipse.jetty.http2.ErrorCode.CANCEL_STREAM_ERROR;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.http.MetaData;
import org.eclipse.jetty.http2.api.Stream;
import org.eclipse.jetty.http2.frames.DataFrame;
import org.eclipse.jetty.http2.frames.HeadersFrame;
import org.eclipse.jetty.http2.frames.ResetFrame;
import org.eclipse.jetty.util.Callback;

/**
 * One stream of an {@link H2Client}. Its methods belong to the test's thread; what arrives waits until they ask for it.
 */
public final class H2Stream {

    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private final List<Field> trailers = new ArrayList<>();
    private final StringBuilder body = new StringBuilder();
    private Stream stream;
    private MetaData.Response head;
    private OptionalInt resetCode = OptionalInt.empty();
    private boolean ended;

    H2Stream() {}

    /** What the connection's threads hand over to the test's. */
    private sealed interface Event {

        record Headers(MetaData metaData, boolean last) implements Event {}

        record DataWaiting() implements Event {}

        record Reset(int code) implements Event {}

        record Failed(String reason) implements Event {}
    }

    /** Sends one DATA frame; returns once the peer's window took it. */
    public H2Stream send(String latin1) {
        return send(latin1.getBytes(ISO_8859_1));
    }

    public H2Stream send(byte[] bytes) {
        return data(bytes, false);
    }

    /** Sends the last DATA frame. */
    public H2Stream sendLast(String latin1) {
        return data(latin1.getBytes(ISO_8859_1), true);
    }

    /** Ends the request with trailers. */
    public H2Stream sendTrailers(Field... fields) {
        MetaData metaData = new MetaData(HttpVersion.HTTP_2, H2Client.jettyFields(List.of(fields)));
        H2Client.done("trailers", stream.headers(new HeadersFrame(stream.getId(), metaData, null, true)));
        return this;
    }

    /** Gives the exchange up, as a browser does when the user leaves. */
    public void reset() {
        H2Client.done("RST_STREAM", stream.reset(new ResetFrame(stream.getId(), CANCEL_STREAM_ERROR.code)));
    }

    /** The next head that comes, without a body: an interim one, or the final one. */
    public H2Response awaitHead() {
        head = null;
        while (head == null) {
            if (ended) {
                throw new AssertionError("the stream ended without a head: " + soFar());
            }
            next();
        }
        return new H2Response(head.getStatus(), fields(head.getHttpFields()), "", List.of(), resetCode);
    }

    /**
     * What comes next of the body, at most one DATA frame, and gives its window back; empty at the end. What a reset
     * overtakes is lost.
     */
    public String awaitData() {
        int before = body.length();
        while (body.length() == before && !ended) {
            next();
        }
        return body.substring(before);
    }

    /** Everything up to the end of the stream; interim heads are passed over. */
    public H2Response awaitResponse() {
        while (!ended) {
            next();
        }
        if (head == null) {
            throw new AssertionError("the stream ended without a head: " + soFar());
        }
        return new H2Response(head.getStatus(), fields(head.getHttpFields()), body.toString(), trailers, resetCode);
    }

    /** The error code of the RST_STREAM by which the peer ends the stream; a clean end fails the test. */
    public int awaitReset() {
        while (!ended) {
            next();
        }
        return resetCode.orElseThrow(() -> new AssertionError("the stream ended cleanly: " + soFar()));
    }

    /** Takes the rest of the body without keeping it, and says how many bytes it was; a reset fails the test. */
    public long discardAll() {
        long discarded = body.length();
        body.setLength(0);
        while (!ended) {
            next();
            discarded += body.length();
            body.setLength(0);
        }
        if (resetCode.isPresent()) {
            throw new AssertionError("the stream was reset: " + soFar());
        }
        return discarded;
    }

    Stream.Listener listener() {
        return new Listener();
    }

    void openedAs(Stream opened) {
        stream = opened;
    }

    private H2Stream data(byte[] bytes, boolean last) {
        H2Client.done("DATA", stream.data(new DataFrame(stream.getId(), ByteBuffer.wrap(bytes), last)));
        return this;
    }

    private void next() {
        Event event = poll();
        if (event instanceof Event.Headers headers) {
            headersArrived(headers);
        } else if (event instanceof Event.DataWaiting) {
            dataArrived();
        } else if (event instanceof Event.Reset reset) {
            resetCode = OptionalInt.of(reset.code());
            ended = true;
        } else if (event instanceof Event.Failed failed) {
            throw new AssertionError("the stream failed: " + failed.reason() + "; " + soFar());
        }
    }

    private void headersArrived(Event.Headers headers) {
        if (headers.metaData() instanceof MetaData.Response response) {
            head = response;
            ended = headers.last();
            if (!ended && response.getStatus() >= 200) {
                stream.demand();
            }
            return;
        }
        // Jetty tells of trailers at once, even where DATA before them was not taken yet.
        while (!ended && takeFrame()) {}
        trailers.addAll(fields(headers.metaData().getHttpFields()));
        ended = true;
    }

    private void dataArrived() {
        if (!ended) {
            takeFrame();
        }
        if (!ended) {
            stream.demand();
        }
    }

    private boolean takeFrame() {
        Stream.Data data = stream.readData();
        if (data == null) {
            return false;
        }
        body.append(ISO_8859_1.decode(data.frame().getByteBuffer()));
        ended = data.frame().isEndStream();
        data.release();
        return true;
    }

    private Event poll() {
        try {
            Event event = events.poll(Await.DEADLINE.toMillis(), MILLISECONDS);
            if (event == null) {
                throw new AssertionError("nothing more within " + Await.DEADLINE.toSeconds() + " s; " + soFar());
            }
            return event;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted; " + soFar(), e);
        }
    }

    private String soFar() {
        return "so far: " + head + ", " + body.length() + " bytes, trailers " + trailers + ", reset " + resetCode;
    }

    private static List<Field> fields(HttpFields jettyFields) {
        return jettyFields.stream()
                .map(field -> new Field(field.getName(), String.valueOf(field.getValue())))
                .toList();
    }

    private final class Listener implements Stream.Listener {

        @Override
        public void onHeaders(Stream stream, HeadersFrame frame) {
            events.add(new Event.Headers(frame.getMetaData(), frame.isEndStream()));
        }

        @Override
        public void onDataAvailable(Stream stream) {
            events.add(new Event.DataWaiting());
        }

        @Override
        public void onReset(Stream stream, ResetFrame frame, Callback callback) {
            events.add(new Event.Reset(frame.getError()));
            callback.succeeded();
        }

        @Override
        public void onFailure(Stream stream, int error, String reason, Throwable failure, Callback callback) {
            events.add(new Event.Failed(reason + ", " + failure));
            callback.succeeded();
        }
    }
}
