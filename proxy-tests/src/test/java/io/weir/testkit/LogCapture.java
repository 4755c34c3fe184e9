package io.weir.testkit;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * What one logger, and those below it, say while it is open.
 *
 * <p>The trap: tests run in parallel and share their loggers, so others' lines are in here too, and a line is written
 * after the response has reached the client. So ask for lines by a piece of text that only this test causes (its port,
 * say), and wait for them.
 */
public final class LogCapture implements AutoCloseable {

    private final Logger logger;
    private final List<Line> lines = new CopyOnWriteArrayList<>();
    private final Recorder recorder = new Recorder();

    private LogCapture(Logger logger) {
        this.logger = logger;
        recorder.setContext(logger.getLoggerContext());
        recorder.start();
        logger.addAppender(recorder);
    }

    /**
     * One thing said.
     *
     * @param cause the text of the exception that came with it; empty without one
     */
    public record Line(Level level, String logger, String message, String cause) {}

    /** Starts to capture; levels stay as {@code logback-test.xml} sets them, for Weir down to DEBUG. */
    public static LogCapture of(String loggerName) {
        // While another test's thread initialises SLF4J, everyone else is handed a substitute.
        Await.until("logback is ready", () -> LoggerFactory.getILoggerFactory() instanceof LoggerContext);
        return new LogCapture(((LoggerContext) LoggerFactory.getILoggerFactory()).getLogger(loggerName));
    }

    /** The lines so far whose message contains that text. */
    public List<Line> lines(String messagePart) {
        return lines.stream()
                .filter(line -> line.message().contains(messagePart))
                .toList();
    }

    /** The first line whose message contains that text, as soon as it was said. */
    public Line await(String messagePart) {
        Await.until(
                () -> "a line of " + logger.getName() + " with \"" + messagePart + "\"; said: " + lines,
                () -> !lines(messagePart).isEmpty());
        return lines(messagePart).get(0);
    }

    @Override
    public void close() {
        logger.detachAppender(recorder);
        recorder.stop();
    }

    private final class Recorder extends AppenderBase<ILoggingEvent> {

        @Override
        protected void append(ILoggingEvent event) {
            String cause = event.getThrowableProxy() == null
                    ? ""
                    : event.getThrowableProxy().getClassName() + ": "
                            + event.getThrowableProxy().getMessage();
            lines.add(new Line(
                    Level.valueOf(event.getLevel().toString()),
                    event.getLoggerName(),
                    event.getFormattedMessage(),
                    cause));
        }
    }
}
