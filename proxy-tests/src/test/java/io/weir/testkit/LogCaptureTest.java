package io.weir.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

class LogCaptureTest {

    private static final Logger LOGGER = LoggerFactory.getLogger("io.weir.testkit.capture.site");

    @Test
    void linesBelowTheLoggerAreCapturedDownToDebug() {
        try (var log = LogCapture.of("io.weir.testkit.capture")) {
            LOGGER.debug("upstream {} refused", "a:1", new IOException("no route"));

            assertThat(log.await("upstream a:1"))
                    .isEqualTo(new LogCapture.Line(
                            Level.DEBUG,
                            "io.weir.testkit.capture.site",
                            "upstream a:1 refused",
                            "java.io.IOException: no route"));
        }
    }

    @Test
    void aLineFromAnotherThreadIsWaitedFor() {
        try (var log = LogCapture.of("io.weir.testkit.capture")) {
            new Thread(() -> LOGGER.debug("said elsewhere")).start();

            assertThat(log.await("said elsewhere").cause()).isEmpty();
        }
    }

    @Test
    void onlyLinesWithThatTextAreListed() {
        try (var log = LogCapture.of("io.weir.testkit.capture")) {
            LOGGER.info("port 1 opened");
            LOGGER.info("port 2 opened");

            assertThat(log.lines("port 2")).extracting(LogCapture.Line::message).containsExactly("port 2 opened");
        }
    }

    @Test
    void afterTheCloseNothingIsCaptured() {
        var log = LogCapture.of("io.weir.testkit.capture");
        log.close();

        LOGGER.info("too late");

        assertThat(log.lines("too late")).isEmpty();
    }
}
