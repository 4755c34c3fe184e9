package io.weir.engine;

import static io.weir.engine.WiredProxy.GET;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.aayushatharva.brotli4j.decoder.BrotliInputStream;
import com.aayushatharva.brotli4j.decoder.Decoder;
import com.aayushatharva.brotli4j.decoder.DecoderJNI;
import com.aayushatharva.brotli4j.decoder.DirectDecompress;
import com.github.luben.zstd.ZstdInputStream;
import io.weir.ProxyConfig;
import io.weir.body.Compression;
import io.weir.http.ProxyError;
import io.weir.jetty.JettyProxyHandler;
import io.weir.route.Route;
import io.weir.testkit.Await;
import io.weir.testkit.Curl;
import io.weir.testkit.Field;
import io.weir.testkit.H2Client;
import io.weir.testkit.H2Response;
import io.weir.testkit.RawResponse;
import io.weir.testkit.ScriptedUpstream;
import io.weir.upstream.UpstreamPool;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Responses are compressed for who accepts it, whatever the size, and without making anybody wait. */
class CompressionTest {
    private static final Compression ALL = Compression.gzip().brotli().zstd();
    private static final String TEXT = "All work and no play makes Jack a dull boy. ".repeat(20_000);

    @ParameterizedTest
    @CsvSource({
        "gzip, gzip",
        "br, br",
        "zstd, zstd",
        "'gzip, br, zstd', zstd",
        "'gzip, br', br",
        "'gzip;q=1,br;q=0.1', gzip"
    })
    void theJdkOrTheLibraryReadsIt(String accepted, String coding) throws IOException {
        try (var upstream = text(TEXT);
                var proxy = compressing(upstream);
                var client = proxy.client()) {
            for (int i = 0; i < 2; i++) {
                RawResponse response = client.send(accepting(accepted)).readResponse();

                assertThat(response.isTruncated()).isFalse();
                assertThat(response.field("Content-Encoding")).contains(coding);
                assertThat(response.field("Vary")).contains("Accept-Encoding");
                assertThat(response.field("Content-Length")).isEmpty();
                assertThat(response.field("ETag")).contains("W/\"1\"");
                assertThat(response.body().length()).isLessThan(TEXT.length() / 50);
                assertThat(decode(coding, response.bodyBytes())).isEqualTo(TEXT);
            }
            assertThat(upstream.connectionCount()).isOne();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "br", "zstd"})
    void curlReadsIt(String coding) throws Exception {
        Curl.assumeInstalled();
        try (var upstream = text(TEXT);
                var proxy = compressing(upstream)) {
            String url = "http://127.0.0.1:" + proxy.port() + "/";

            for (String version : List.of("--http1.1", "--http2-prior-knowledge")) {
                assertThat(Curl.get(version, "--compressed", "-H", "Accept-Encoding: " + coding, url))
                        .isEqualTo(TEXT);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "br", "zstd"})
    void eachTokenReachesTheClientBeforeTheNextIsSent(String coding) throws IOException {
        CountDownLatch[] seen = {new CountDownLatch(1), new CountDownLatch(1), new CountDownLatch(1)};
        List<String> tokens =
                List.of("{\"response\":\"The\"}\n", "{\"response\":\" sky\"}\n", "{\"response\":\" is\"}\n");
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n\r\n");
                    for (int i = 0; i < tokens.size(); i++) {
                        connection.send(tokens.get(i));
                        Await.on("token " + i + " is seen", seen[i]);
                    }
                    connection.close();
                });
                var proxy = compressing(upstream);
                var client = proxy.client()) {
            client.send(accepting(coding)).readHead();
            StringBuilder raw = new StringBuilder();
            StringBuilder expected = new StringBuilder();

            for (int i = 0; i < tokens.size(); i++) {
                expected.append(tokens.get(i));
                String all = expected.toString();
                while (!readable(coding, unchunked(raw.toString())).equals(all)) {
                    raw.append(client.readBytes(1));
                }
                seen[i].countDown();
            }
            while (!raw.toString().endsWith("\r\n0\r\n\r\n")) {
                raw.append(client.readBytes(1));
            }

            assertThat(decode(coding, unchunked(raw.toString()))).isEqualTo(expected.toString());
        }
    }

    @Test
    void anUpstreamThatSendsByteByByteIsReadByteByByte() throws IOException {
        String text = "a token, letter by letter";
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send(
                            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n");
                    for (char letter : text.toCharArray()) {
                        connection.send("1\r\n" + letter + "\r\n");
                    }
                    connection.send("0\r\nX-Sum: 1\r\n\r\n");
                });
                var proxy = compressing(upstream)) {

            RawResponse response = proxy.exchange(accepting("gzip"));

            assertThat(decode("gzip", response.bodyBytes())).isEqualTo(text);
            assertThat(response.trailers()).containsExactly(new Field("X-Sum", "1"));
        }
    }

    @Test
    void anHttp2ClientReadsItToo() throws IOException {
        try (var upstream = text(TEXT);
                var proxy = compressing(upstream);
                var client = H2Client.connect(proxy.port())) {

            H2Response response = client.request("GET", "/", List.of(new Field("Accept-Encoding", "gzip, zstd")));

            assertThat(response.field("content-encoding")).contains("zstd");
            assertThat(decode("zstd", response.bodyBytes())).isEqualTo(TEXT);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Content-Type: text/event-stream",
                "Content-Type: image/png",
                "Content-Type: text/plain\r\nContent-Encoding: deflate",
                "Content-Type: text/plain\r\nCache-Control: no-transform",
                "X: y"
            })
    void whatIsNotToBeCompressedPassesAsItIs(String fields) {
        try (var upstream = ScriptedUpstream.answering(
                        "HTTP/1.1 200 OK\r\n" + fields + "\r\nContent-Length: 300\r\n\r\n" + "x".repeat(300));
                var proxy = compressing(upstream)) {

            RawResponse response = proxy.exchange(accepting("gzip, br, zstd"));

            assertThat(response.body()).isEqualTo("x".repeat(300));
            assertThat(response.field("Content-Length")).contains("300");
            assertThat(response.field("Vary")).isEmpty();
        }
    }

    @Test
    void aClientThatAcceptsNothingIsToldThatOthersMayGetOther() {
        try (var upstream = text(TEXT);
                var proxy = compressing(upstream)) {

            RawResponse response = proxy.exchange(GET);

            assertThat(response.body()).isEqualTo(TEXT);
            assertThat(response.field("Content-Length")).contains("" + TEXT.length());
            assertThat(response.field("Vary")).contains("Accept-Encoding");
            assertThat(response.field("ETag")).contains("\"1\"");
        }
    }

    @Test
    void headHasTheFieldsOfGet() {
        try (var upstream = text(TEXT);
                var proxy = compressing(upstream);
                var client = proxy.client()) {

            RawResponse head =
                    client.send(accepting("gzip").replace("GET", "HEAD")).readHead();
            RawResponse get = client.send(accepting("gzip")).readResponse();

            assertThat(head.fields().stream().filter(f -> !f.name().equals("Transfer-Encoding")))
                    .containsExactlyElementsOf(get.fields().stream()
                            .filter(f -> !f.name().equals("Transfer-Encoding"))
                            .toList());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "br", "zstd"})
    void anUpstreamThatDiesLeavesABrokenMessageAndAnUnfinishedCoding(String coding) {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\nstart");
                    connection.close();
                });
                var proxy = compressing(upstream)) {

            RawResponse response = proxy.exchange(accepting(coding));

            assertThat(response.isTruncated()).isTrue();
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.RESPONSE_INCOMPLETE);
            assertThat(readable(coding, response.bodyBytes())).isEqualTo("start");
            assertThatThrownBy(() -> decode(coding, response.bodyBytes())).isInstanceOf(IOException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "br", "zstd"})
    void aSlowClientHoldsTheUpstreamBack(String coding) {
        long size = 64 * 1024 * 1024;
        Random random = new Random(1);
        byte[] noise = new byte[64 * 1024];
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send(
                            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " + size + "\r\n\r\n");
                    for (long sent = 0; sent < size; sent += noise.length) {
                        random.nextBytes(noise); // nothing can make that smaller
                        connection.send(noise);
                    }
                });
                var proxy = compressing(upstream);
                var client = proxy.client()) {
            client.send(accepting(coding)).readHead();
            AtomicLong sent = upstream.bytesSent();

            BackPressureTest.awaitStandstill(sent::get);

            assertThat(sent.get() - client.bytesRead()).isLessThan(BackPressureTest.BOUND);
            client.close();
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.CLIENT_GONE);
        }
    }

    /** Without the optional jars on its class path. */
    @Test
    void aMissingLibraryIsNamedWhenTheHandlerIsMade() throws Throwable {
        URL[] others = classPath(entry -> !entry.contains("brotli") && !entry.contains("zstd"));
        try (URLClassLoader without = new URLClassLoader(others, ClassLoader.getPlatformClassLoader())) {
            for (String coding : List.of("brotli", "zstd")) {
                assertThatThrownBy(() -> make(without, coding))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("proxy: compression: ")
                        .hasMessageContaining("is not on the class path; add "
                                + "org.eclipse.jetty.compression:jetty-compression-"
                                + (coding.equals("zstd") ? "zstandard" : coding));
            }
            make(without, "gzip");
        }
    }

    /** Whoever uses zstd for something else may have an older one. */
    @Test
    void aLibraryOfAnotherVersionIsNamedWhenTheHandlerIsMade() throws Throwable {
        try (URLClassLoader older = new OlderZstd(classPath(entry -> true))) {
            assertThatThrownBy(() -> make(older, "zstd"))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("proxy: compression: zstd is on the class path in another version than "
                            + "org.eclipse.jetty.compression:jetty-compression-zstandard brings")
                    .hasMessageContaining("compressByteBufferStream");
        }
    }

    /** Has a zstd that calls a method differently, as those before 1.5.7-17 do. */
    private static final class OlderZstd extends URLClassLoader {
        private static final String CONTEXT = "com.github.luben.zstd.ZstdCompressCtx";

        OlderZstd(URL[] classPath) {
            super(classPath, ClassLoader.getPlatformClassLoader());
        }

        @Override
        protected Class<?> findClass(String name) throws ClassNotFoundException {
            if (!name.equals(CONTEXT)) {
                return super.findClass(name);
            }
            try (InputStream in = getResourceAsStream(CONTEXT.replace('.', '/') + ".class")) {
                byte[] code = new String(in.readAllBytes(), ISO_8859_1)
                        .replace("compressByteBufferStream", "compressByteBufferDreams")
                        .getBytes(ISO_8859_1);
                return defineClass(name, code, 0, code.length);
            } catch (IOException e) {
                throw new ClassNotFoundException(name, e);
            }
        }
    }

    private static URL[] classPath(Predicate<String> wanted) {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(wanted)
                .map(entry -> {
                    try {
                        return Path.of(entry).toUri().toURL();
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                })
                .toArray(URL[]::new);
    }

    private static void make(ClassLoader loader, String coding) throws Throwable {
        Method making = loader.loadClass(Making.class.getName()).getDeclaredMethod("handler", String.class);
        making.setAccessible(true);
        try {
            making.invoke(null, coding);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    /** Is loaded by another class loader. */
    static final class Making {
        static void handler(String coding) {
            Compression compression = switch (coding) {
                case "brotli" -> Compression.gzip().brotli();
                case "zstd" -> Compression.gzip().zstd();
                default -> Compression.gzip();
            };
            JettyProxyHandler.of(ProxyConfig.builder()
                    .compress(compression)
                    .route(Route.any().to(UpstreamPool.of("app", "http://127.0.0.1:1")))
                    .build());
        }
    }

    private static WiredProxy compressing(ScriptedUpstream upstream) {
        return WiredProxy.to(pool -> pool.upstream(upstream.uri()), config -> config.compress(ALL));
    }

    private static ScriptedUpstream text(String body) {
        return ScriptedUpstream.answering(
                "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nETag: \"1\"\r\nContent-Length: " + body.length()
                        + "\r\n\r\n" + body);
    }

    private static String accepting(String codings) {
        return "GET / HTTP/1.1\r\nHost: a.test\r\nAccept-Encoding: " + codings + "\r\n\r\n";
    }

    private static String decode(String coding, byte[] body) throws IOException {
        if (coding.equals("br")) {
            DirectDecompress whole = Decoder.decompress(body); // its stream takes some whole bodies for cut off
            if (whole.getResultStatus() != DecoderJNI.Status.DONE) {
                throw new IOException(whole.getResultStatus().toString());
            }
            return new String(whole.getDecompressedData(), UTF_8);
        }
        try (InputStream in = open(coding, body)) {
            return new String(in.readAllBytes(), UTF_8);
        }
    }

    private static InputStream open(String coding, byte[] body) throws IOException {
        ByteArrayInputStream bytes = new ByteArrayInputStream(body);
        if (coding.equals("br")) {
            BrotliInputStream in = new BrotliInputStream(bytes);
            in.enableEagerOutput();
            return in;
        }
        return coding.equals("gzip") ? new GZIPInputStream(bytes) : new ZstdInputStream(bytes);
    }

    /** As much as can be read of a body that goes on. */
    private static String readable(String coding, byte[] body) {
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        try (InputStream in = open(coding, body)) {
            for (int b = in.read(); b != -1; b = in.read()) {
                read.write(b);
            }
        } catch (IOException e) {
            // it goes on
        }
        return read.toString(UTF_8);
    }

    /** What is in chunks, of which the last may be incomplete. */
    private static byte[] unchunked(String raw) {
        StringBuilder body = new StringBuilder();
        int at = 0;
        while (true) {
            int line = raw.indexOf("\r\n", at);
            if (line < 0) {
                return body.toString().getBytes(ISO_8859_1);
            }
            int size = Integer.parseInt(raw.substring(at, line), 16);
            int from = line + 2;
            body.append(raw, from, Math.min(raw.length(), from + size));
            at = from + size + 2;
            if (at > raw.length()) {
                return body.toString().getBytes(ISO_8859_1);
            }
        }
    }
}
