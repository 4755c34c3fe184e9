package io.weir.body;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.http.ProxyError;
import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GzipTest {
    private static final RequestHead GET = RequestHead.get("/", "a.test");

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 100, 40_000, 1_000_000})
    void theJdkReadsWhatIsPacked(int length) throws IOException {
        byte[] body = text(length);

        byte[] packed = Chunks.through(BodyTransformer.gzip(6)).send(Chunks.cut(body, new Random(length), 70_000));

        assertThat(new GZIPInputStream(new ByteArrayInputStream(packed)).readAllBytes())
                .isEqualTo(body);
    }

    @Test
    void aPauseLetsTheReaderHaveAllSoFar() throws IOException {
        Chunks chunks = Chunks.through(BodyTransformer.gzip(6));
        ByteArrayOutputStream sent = new ByteArrayOutputStream();

        for (String token : List.of("Hello", ", ", "wor", "ld")) {
            sent.writeBytes(chunks.give(token.getBytes(UTF_8), false));
            sent.writeBytes(chunks.pause());
            assertThat(chunks.pause()).as("a second pause").isEmpty();
            assertThat(readable(sent.toByteArray())).endsWith(token);
        }
        sent.writeBytes(chunks.give(new byte[0], true));

        assertThat(new String(gunzip(sent.toByteArray()), UTF_8)).isEqualTo("Hello, world");
    }

    @Test
    void withoutAPauseManySmallChunksArePackedAsOne() throws IOException {
        byte[] body = text(10_000);

        byte[] apart = Chunks.through(BodyTransformer.gzip(6)).send(Chunks.bytewise(body));
        byte[] whole = Chunks.through(BodyTransformer.gzip(6)).send(List.of(body));

        assertThat(apart).hasSize(whole.length);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 100, 40_000, 1_000_000})
    void whatTheJdkPacksIsUnpacked(int length) throws IOException {
        byte[] body = text(length);

        assertThat(Chunks.through(BodyTransformer.gunzip()).send(Chunks.cut(gzip(body), new Random(length), 70_000)))
                .isEqualTo(body);
        assertThat(Chunks.through(BodyTransformer.gunzip()).send(Chunks.bytewise(gzip(body))))
                .isEqualTo(body);
    }

    @Test
    void headersMayHoldAllThatIsAllowed() throws IOException {
        byte[] plain = gzip(text(50));
        ByteArrayOutputStream full = new ByteArrayOutputStream();
        full.writeBytes(new byte[] {0x1f, (byte) 0x8b, 8, 2 | 4 | 8 | 16, 1, 2, 3, 4, 0, 3});
        full.writeBytes(new byte[] {3, 0, 9, 9, 9}); // extra
        full.writeBytes("name\0comment\0".getBytes(UTF_8));
        full.writeBytes(new byte[] {7, 7}); // header check
        full.write(plain, 10, plain.length - 10);

        assertThat(Chunks.through(BodyTransformer.gunzip()).send(Chunks.bytewise(full.toByteArray())))
                .isEqualTo(text(50));
    }

    @Test
    void membersFollowEachOtherAndWhatIsNoneIsIgnored() throws IOException {
        byte[] all = concat(gzip(text(10)), gzip(text(20)), "what servers append".getBytes(UTF_8));

        assertThat(Chunks.through(BodyTransformer.gunzip()).send(Chunks.bytewise(all)))
                .isEqualTo(concat(text(10), text(20)));
        assertThat(Chunks.through(BodyTransformer.gunzip()).send(List.of(all))).isEqualTo(concat(text(10), text(20)));
    }

    @Test
    void nothingIsNothing() throws IOException {
        assertThat(Chunks.through(BodyTransformer.gunzip()).send(List.of(new byte[0])))
                .isEmpty();
    }

    @Test
    void everyEarlyEndIsNoticed() throws IOException {
        byte[] whole = gzip(text(100));
        for (int length = 1; length < whole.length; length++) {
            byte[] part = Arrays.copyOf(whole, length);
            assertThatThrownBy(() -> Chunks.through(BodyTransformer.gunzip()).send(List.of(part)))
                    .as("after %d bytes", length)
                    .isInstanceOf(BodyException.class)
                    .hasMessageContaining("it ends early");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, -1, -4, -5, -8})
    void aWrongByteThatMattersIsNoticed(int at) throws IOException {
        byte[] body = gzip(text(100));
        body[at < 0 ? body.length + at : at] ^= 0x55;

        assertThatThrownBy(() -> Chunks.through(BodyTransformer.gunzip()).send(List.of(body)))
                .isInstanceOf(BodyException.class)
                .hasMessageContaining("no gzip, though it says so");
    }

    @Test
    void aBombIsUnpackedInSmallPieces() throws IOException {
        byte[] bomb = gzip(new byte[64 * 1024 * 1024]);
        BodyTransformer gunzip = BodyTransformer.gunzip();
        ByteBuffer chunk = ByteBuffer.wrap(bomb);
        Pieces pieces = new Pieces();
        long all = 0;
        do {
            pieces.clear();
            gunzip.transform(chunk, true, pieces);
            assertThat(pieces.bytes()).isLessThan(128 * 1024);
            all += pieces.bytes();
        } while (pieces.wantsAgain());

        assertThat(bomb.length).isLessThan(100_000);
        assertThat(all).isEqualTo(64 * 1024 * 1024);
        gunzip.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 1000, 100_000})
    void aTransformSeesWhatIsInsideAndGzipGoesOn(int most) throws IOException {
        ResponseTransform inner = TextReplacement.of("line", "LINE").exactCase();
        BodyTransformer around = Gzipped.responses(inner)
                .engage(
                        GET,
                        ResponseHead.of(200, "Content-Type", "text/html", "Content-Encoding", "gzip", "ETag", "\"x\""));
        byte[] body = text(300_000);

        byte[] out = Chunks.through(around).send(Chunks.cut(gzip(body), new Random(most), most));

        assertThat(new String(gunzip(out), UTF_8)).isEqualTo(new String(body, UTF_8).replace("line", "LINE"));
    }

    @Test
    void insideGzipAPauseReachesTheReaderToo() throws IOException {
        BodyTransformer around = Gzipped.responses(TextReplacement.of("a", "b"))
                .engage(GET, ResponseHead.of(200, "Content-Type", "text/html", "Content-Encoding", "gzip"));
        Chunks chunks = Chunks.through(around);
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        GZIPOutputStream packing = new GZIPOutputStream(packed, 512, true);

        packing.write("banana".getBytes(UTF_8));
        packing.flush();
        byte[] first = concat(chunks.give(packed.toByteArray(), false), chunks.pause());

        assertThat(readable(first)).isEqualTo("bbnbnb");
    }

    @Test
    void badGzipIsTheFaultOfWhoSentIt() throws IOException {
        BodyTransformer response = Gzipped.responses(TextReplacement.of("a", "b"))
                .engage(GET, ResponseHead.of(200, "Content-Type", "text/html", "Content-Encoding", "gzip"));
        BodyTransformer request = Gzipped.requests(SizeLimit.of(100))
                .engage(GET.withHeader("Content-Encoding", "x-gzip").withHeader("Content-Length", "101"));

        assertThat(failure(Chunks.through(response), "no gzip at all".getBytes(UTF_8)))
                .isEqualTo(ProxyError.RESPONSE_CODING);
        assertThat(failure(Chunks.through(request), "no gzip at all".getBytes(UTF_8)))
                .isEqualTo(ProxyError.BAD_REQUEST);
    }

    @Test
    void aLimitInsideGzipCountsWhatIsUnpacked() throws IOException {
        RequestTransform limit = Gzipped.requests(SizeLimit.of(1000));
        RequestHead head = GET.withHeader("Content-Encoding", "gzip");

        byte[] passed = Chunks.through(limit.engage(head)).send(List.of(gzip(new byte[1000])));

        assertThat(gunzip(passed)).hasSize(1000);
        assertThat(failure(Chunks.through(limit.engage(head)), gzip(new byte[1001])))
                .isEqualTo(ProxyError.BODY_TOO_LARGE);
    }

    @Test
    void otherCodingsAreLeftToTheTransform() throws IOException {
        ResponseTransform around = Gzipped.responses(TextReplacement.of("a", "b"));
        ResponseHead plain = ResponseHead.of(200, "Content-Type", "text/html");

        assertThat(around.engage(GET, plain)).isNotNull();
        assertThat(around.engage(GET, plain.withHeader("Content-Encoding", "br")))
                .isNull();
        assertThat(around.engage(GET, plain.withHeader("Content-Encoding", "gzip, gzip")))
                .isNull();
        assertThat(around.reads("gzip")).isTrue();
        assertThat(around.reads("br")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 10})
    void aLevelIsWithinBounds(int level) {
        assertThatThrownBy(() -> BodyTransformer.gzip(level)).hasMessageContaining("(expected: 1..9)");
    }

    private static ProxyError failure(Chunks chunks, byte[] body) {
        try {
            chunks.send(List.of(body));
        } catch (BodyException e) {
            return e.error();
        }
        throw new AssertionError("it did not fail");
    }

    private static byte[] text(int length) {
        StringBuilder text = new StringBuilder();
        for (int line = 0; text.length() < length; line++) {
            text.append("line ").append(line * 31L % 1009).append(" of a text\n");
        }
        return text.substring(0, length).getBytes(UTF_8);
    }

    /** As much as can be read of a stream that goes on. */
    private static String readable(byte[] packed) {
        StringBuilder text = new StringBuilder();
        try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(packed))) {
            for (int b = in.read(); b != -1; b = in.read()) {
                text.append((char) b);
            }
        } catch (IOException e) {
            return text.toString();
        }
        return text.toString();
    }

    private static byte[] gzip(byte[] body) {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write(body);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return packed.toByteArray();
    }

    private static byte[] gunzip(byte[] packed) throws IOException {
        return new GZIPInputStream(new ByteArrayInputStream(packed)).readAllBytes();
    }

    private static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
