package io.weir;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;

/**
 * What nginx 1.22 answered to each of the {@link ComparisonCases}: to be read in review, and where nginx is missing.
 *
 * <p>A line is {@code id | status | location | upstream request line | upstream Host | resolved Location}.
 * {@link NginxOracle#main} prints it anew.
 */
final class NginxRecord {

    static final String VERSION = "1.22";

    private static final List<String> LINES = read("nginx-" + VERSION + ".txt");

    private NginxRecord() {}

    /** The line that belongs to the case. */
    static String of(ComparisonCase request) {
        return LINES.stream()
                .filter(line -> line.startsWith(request.id() + " | "))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no record of " + request));
    }

    static List<String> lines() {
        return LINES;
    }

    private static List<String> read(String resource) {
        try (InputStream in = NginxRecord.class.getResourceAsStream(resource)) {
            return new String(in.readAllBytes(), US_ASCII).lines().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
