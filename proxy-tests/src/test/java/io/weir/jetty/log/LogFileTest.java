package io.weir.jetty.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.testkit.Await;
import io.weir.testkit.LogCapture;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogFileTest {

    @TempDir
    Path directory;

    @Test
    void whatWaitsIsWrittenBeforeTheFileIsClosed() throws Exception {
        Path path = directory.resolve("a.log");
        Files.writeString(path, "before\n");
        LogFile file = new LogFile(path);

        IntStream.range(0, 5_000).forEach(i -> file.append("line " + i));
        close(file);

        assertThat(Files.readAllLines(path))
                .hasSize(5_001)
                .startsWith("before", "line 0", "line 1")
                .endsWith("line 4999");
        assertThat(file.dropped()).isZero();
    }

    @Test
    void linesOfManyThreadsStayWholeAndEachThreadsInOrder() throws Exception {
        Path path = directory.resolve("a.log");
        LogFile file = new LogFile(path);
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            String name = "thread " + t + " " + "x".repeat(300) + " ";
            threads.add(new Thread(() -> IntStream.range(0, 1_000).forEach(i -> file.append(name + i))));
        }

        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        close(file);

        List<String> lines = Files.readAllLines(path);
        assertThat(lines).hasSize(4_000).allMatch(line -> line.matches("thread [0-3] x{300} [0-9]+"));
        for (int t = 0; t < 4; t++) {
            String start = "thread " + t + " ";
            assertThat(lines.stream()
                            .filter(line -> line.startsWith(start))
                            .map(line -> Integer.valueOf(line.substring(line.lastIndexOf(' ') + 1))))
                    .containsExactlyElementsOf(IntStream.range(0, 1_000).boxed().toList());
        }
    }

    @Test
    void linesBeforeReopenGoIntoTheRenamedFileAndThoseAfterItIntoANewOne() throws Exception {
        Path path = directory.resolve("a.log");
        Path renamed = directory.resolve("a.log.1");
        LogFile file = new LogFile(path);

        IntStream.range(0, 100).forEach(i -> file.append("old " + i));
        Files.move(path, renamed);
        file.reopen();
        IntStream.range(0, 100).forEach(i -> file.append("new " + i));
        close(file);

        assertThat(Files.readAllLines(renamed)).hasSize(100).allMatch(line -> line.startsWith("old "));
        assertThat(Files.readAllLines(path)).hasSize(100).allMatch(line -> line.startsWith("new "));
    }

    @Test
    void aReopenThatFailsLosesNoLine() throws Exception {
        Path home = Files.createDirectory(directory.resolve("home"));
        Path away = directory.resolve("away");
        LogFile file = new LogFile(home.resolve("a.log"));
        try (LogCapture warnings = LogCapture.of(LogFile.class.getName())) {
            Files.move(home, away);
            file.reopen();
            file.append("line");
            close(file);

            assertThat(warnings.await(home + "/a.log can't be opened again").message())
                    .contains("lines go on into the file that was open: NoSuchFileException");
        }
        assertThat(Files.readAllLines(away.resolve("a.log"))).containsExactly("line");
    }

    @Test
    void aLineThatComesWhenTheFileIsClosedIsWrittenAllTheSame() throws Exception {
        Path path = directory.resolve("a.log");
        LogFile file = new LogFile(path);
        file.append("first");
        close(file);

        file.append("late");
        close(file);

        assertThat(Files.readAllLines(path)).containsExactly("first", "late");
    }

    @Test
    void aDirectoryThatIsNotThereIsToldAtOnce() {
        Path path = directory.resolve("none/a.log");

        assertThatThrownBy(() -> new LogFile(path))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("none/a.log");
    }

    @Test
    void whatIsTooMuchForTheDiskIsDroppedCountedAndTold() throws Exception {
        SlowDisk disk = new SlowDisk();
        LogFile file = new LogFile(directory.resolve("slow.log"), path -> disk);
        try (LogCapture warnings = LogCapture.of(LogFile.class.getName())) {
            file.append("taken");
            Await.on("the writer stands before the disk", disk.entered);
            IntStream.range(0, LogFile.CAPACITY + 7).forEach(i -> file.append("line " + i));

            assertThat(file.dropped()).isEqualTo(7);
            assertThat(warnings.lines("slow.log: 8192 lines wait for the disk, further ones are dropped"))
                    .hasSize(1);

            disk.free.countDown();
            close(file);

            assertThat(warnings.await("slow.log: 7 lines dropped").message())
                    .endsWith("they came faster than the disk takes them");
        }
        assertThat(disk.lines())
                .hasSize(LogFile.CAPACITY + 1)
                .startsWith("taken")
                .endsWith("line 8191");
        assertThat(file.dropped()).isEqualTo(7);
    }

    @Test
    void longLinesAreDroppedBeforeTheyAreMany() throws Exception {
        SlowDisk disk = new SlowDisk();
        LogFile file = new LogFile(directory.resolve("long.log"), path -> disk);
        String line = "x".repeat(LogFile.CHARS / 4);
        try (LogCapture warnings = LogCapture.of(LogFile.class.getName())) {
            file.append("taken");
            Await.on("the writer stands before the disk", disk.entered);
            IntStream.range(0, 6).forEach(i -> file.append(line));

            assertThat(file.dropped()).isEqualTo(2);
            assertThat(warnings.lines("long.log: 4 lines wait for the disk, further ones are dropped"))
                    .hasSize(1);

            disk.free.countDown();
            Await.until("what waits is taken", () -> disk.lines().size() == 5);
            file.append("room again");
            close(file);
        }
        assertThat(disk.lines()).hasSize(6).endsWith("room again");
        assertThat(file.dropped()).isEqualTo(2);
    }

    /** The line that the full disk cut is completed, those it did not take at all are lost and counted. */
    @Test
    void aDiskThatIsFullForAWhileTearsNoLine() throws Exception {
        SlowDisk disk = new SlowDisk();
        LogFile file = new LogFile(directory.resolve("full.log"), path -> disk);
        try (LogCapture warnings = LogCapture.of(LogFile.class.getName())) {
            file.append("first");
            Await.on("the writer stands before the disk", disk.entered);
            List.of("second", "third", "fourth", "fifth").forEach(file::append);
            disk.room = "first\nsecond\nthi".length();
            disk.free.countDown();
            assertThat(warnings.await("full.log can't be written").message())
                    .contains("2 lines lost: IOException: no space left");

            disk.room = Integer.MAX_VALUE;
            file.append("sixth");
            close(file);
        }

        assertThat(disk.lines()).containsExactly("first", "second", "third", "sixth");
        assertThat(file.dropped()).isEqualTo(2);
    }

    @Test
    void aTornLineIsCompletedInTheFileInWhichItBegins() throws Exception {
        SlowDisk disk = new SlowDisk();
        SlowDisk next = SlowDisk.free();
        Iterator<SlowDisk> disks = List.of(disk, next).iterator();
        LogFile file = new LogFile(directory.resolve("torn.log"), path -> disks.next());
        tear(disk, file);

        disk.room = Integer.MAX_VALUE;
        file.reopen();
        file.append("next");
        close(file);

        assertThat(disk.lines()).containsExactly("first", "second");
        assertThat(next.lines()).containsExactly("next");
        assertThat(file.dropped()).isEqualTo(1);
    }

    @Test
    void aTornLineIsCompletedBeforeTheFileIsClosed() throws Exception {
        SlowDisk disk = new SlowDisk();
        LogFile file = new LogFile(directory.resolve("torn.log"), path -> disk);
        tear(disk, file);

        disk.room = Integer.MAX_VALUE;
        close(file);

        assertThat(disk.lines()).containsExactly("first", "second");
        assertThat(file.dropped()).isEqualTo(1);
    }

    @Test
    void aTornLineThatCannotBeCompletedIsLostAndTheNextFileKnowsNothingOfIt() throws Exception {
        SlowDisk disk = new SlowDisk();
        SlowDisk next = SlowDisk.free();
        Iterator<SlowDisk> disks = List.of(disk, next).iterator();
        LogFile file = new LogFile(directory.resolve("torn.log"), path -> disks.next());
        tear(disk, file);

        file.reopen();
        file.append("next");
        close(file);

        assertThat(disk.lines()).containsExactly("first", "sec");
        assertThat(next.lines()).containsExactly("next");
        assertThat(file.dropped()).isEqualTo(2);
    }

    /** The disk takes "first" and half of "second", "third" is lost; nothing waits. */
    private static void tear(SlowDisk disk, LogFile file) {
        file.append("first");
        Await.on("the writer stands before the disk", disk.entered);
        file.append("second");
        file.append("third");
        disk.room = "first\nsec".length();
        disk.free.countDown();
        Await.until("\"third\" is lost", () -> file.dropped() == 1);
    }

    private static void close(LogFile file) throws InterruptedException {
        file.retire();
        assertThat(file.awaitClosed(Duration.ofSeconds(10))).isTrue();
    }

    /** Takes nothing until it is set free, then so many bytes. */
    private static final class SlowDisk implements WritableByteChannel {

        final CountDownLatch entered = new CountDownLatch(1);
        final CountDownLatch free = new CountDownLatch(1);
        volatile int room = Integer.MAX_VALUE;
        private final ByteArrayOutputStream taken = new ByteArrayOutputStream();

        static SlowDisk free() {
            SlowDisk disk = new SlowDisk();
            disk.free.countDown();
            return disk;
        }

        @Override
        public int write(ByteBuffer bytes) throws IOException {
            entered.countDown();
            Await.on("the disk is set free", free);
            int count = Math.min(bytes.remaining(), room - taken.size());
            if (count <= 0) {
                throw new IOException("no space left");
            }
            byte[] some = new byte[count];
            bytes.get(some);
            taken.writeBytes(some);
            return count;
        }

        List<String> lines() {
            return taken.toString(UTF_8).lines().toList();
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }
}
