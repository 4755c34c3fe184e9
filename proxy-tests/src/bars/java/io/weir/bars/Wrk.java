package io.weir.bars;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The load generator: one thread, 64 connections, each of which asks again as soon as it is answered. */
final class Wrk {
    private static final int GRACE_SECONDS = 20;
    private static final Pattern REQUESTS = Pattern.compile("(\\d+) requests in ");
    private static final Pattern ERRORS = Pattern.compile("Non-2xx or 3xx responses: (\\d+)"
            + "|Socket errors: connect (\\d+), read (\\d+), write (\\d+), timeout (\\d+)");

    private final Cpu cpu;

    Wrk(Cpu cpu) {
        this.cpu = cpu;
    }

    /** What came of a load: requests that were answered, and how many of them not well, or broke. */
    record Load(long requests, long errors) {}

    /** Asks for that URL during that time. */
    Load ask(String url, Duration duration) throws IOException, InterruptedException {
        Process wrk = new ProcessBuilder(cpu.bind(
                        List.of("wrk", "-t1", "-c64", "--timeout", "10s", "-d" + duration.toSeconds() + "s", url)))
                .redirectErrorStream(true)
                .start();
        try {
            if (!wrk.waitFor(duration.toSeconds() + GRACE_SECONDS, TimeUnit.SECONDS)) {
                throw new IOException("wrk does not end");
            }
            return parse(new String(wrk.getInputStream().readAllBytes(), ISO_8859_1));
        } finally {
            wrk.destroyForcibly();
        }
    }

    private static Load parse(String report) throws IOException {
        Matcher requests = REQUESTS.matcher(report);
        if (!requests.find()) {
            throw new IOException("wrk says: " + report);
        }
        long errors = 0;
        Matcher matcher = ERRORS.matcher(report);
        while (matcher.find()) {
            System.out.println("wrk: " + matcher.group());
            for (int i = 1; i <= matcher.groupCount(); i++) {
                errors += matcher.group(i) == null ? 0 : Long.parseLong(matcher.group(i));
            }
        }
        return new Load(Long.parseLong(requests.group(1)), errors);
    }
}
