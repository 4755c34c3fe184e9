package io.weir.engine;

import static io.weir.engine.WiredProxy.GET;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.weir.body.Buffering;
import io.weir.testkit.Await;
import io.weir.testkit.LogCapture;
import io.weir.testkit.RawClient;
import io.weir.testkit.ScriptedUpstream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real disk of 1 MiB that gets full: bodies go on without it, whole. Skipped where nobody may mount one. */
class FullDiskTest {
    private static final int MIB = 1024 * 1024;
    private static final int LARGE = 24 * MIB;

    @TempDir
    Path disk;

    private boolean mounted;

    @BeforeEach
    void mount() throws Exception {
        mounted = run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk.toString());
        assumeThat(mounted).as("a tmpfs can be mounted").isTrue();
    }

    @AfterEach
    void unmount() throws Exception {
        if (mounted) {
            assertThat(run("umount", "-l", disk.toString())).isTrue();
        }
    }

    @Test
    void aResponseGoesOnWithoutIt() {
        byte[] body = noise();
        try (LogCapture log = LogCapture.of("io.weir.buffering");
                var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + LARGE + "\r\n\r\n");
                    for (int at = 0; at < LARGE; at += 16 * 1024) {
                        connection.send(Arrays.copyOfRange(body, at, at + 16 * 1024));
                    }
                });
                var proxy = WiredProxy.to(
                        pool -> pool.upstream(upstream.uri()),
                        config ->
                                config.buffering(Buffering.on(100_000, 64 * MIB).directory(disk)));
                var client = RawClient.connect(proxy.port(), 16 * 1024)) {
            client.send(GET).readHead();
            log.await(disk.toString());
            BackPressureTest.awaitStandstill(upstream.bytesSent()::get);

            assertThat(proxy.slotsTaken()).isEqualTo(1); // it is held back as if nothing were buffered
            assertThat(client.readBytes(LARGE).getBytes(ISO_8859_1)).isEqualTo(body);
            assertThat(log.lines(disk.toString()))
                    .singleElement()
                    .satisfies(line -> assertThat(line.message()).contains("No space left on device"));
        }
    }

    @Test
    void aRequestGoesOnWithoutIt() {
        byte[] body = noise();
        try (LogCapture log = LogCapture.of("io.weir.buffering");
                var upstream = ScriptedUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                var proxy = WiredProxy.to(
                        pool -> pool.upstream(upstream.uri()),
                        config -> config.requestBuffering(
                                Buffering.on(100_000, 64 * MIB).directory(disk)));
                var client = proxy.client()) {
            client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: " + LARGE + "\r\n\r\n");
            client.send(body);

            assertThat(client.readResponse().body()).isEqualTo("ok");
            assertThat(upstream.awaitRequest().bodyBytes()).isEqualTo(body);
            assertThat(log.lines(disk.toString())).hasSize(1);
        }
    }

    @Test
    void anotherBodyHasTheRoomThatOneGaveBack() {
        byte[] body = noise();
        try (LogCapture log = LogCapture.of("io.weir.buffering");
                var upstream = ScriptedUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                var proxy = WiredProxy.to(
                        pool -> pool.upstream(upstream.uri()),
                        config -> config.requestBuffering(Buffering.on(0, MIB).directory(disk)));
                var client = proxy.client()) {
            for (int i = 0; i < 5; i++) {
                client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 700000\r\n\r\n");
                client.send(Arrays.copyOf(body, 700_000));
                assertThat(client.readResponse().body()).isEqualTo("ok");
                Await.until(
                        "its file is gone",
                        () -> BufferedResponsesTest.openFiles(disk).isEmpty());
            }

            assertThat(log.lines(disk.toString())).isEmpty();
        }
    }

    private static byte[] noise() {
        byte[] bytes = new byte[LARGE];
        new Random(7).nextBytes(bytes);
        return bytes;
    }

    private static boolean run(String... command) throws IOException, InterruptedException {
        try {
            return new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false; // there is no such program
        }
    }
}
