package io.weir.jetty.tls;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/** What the files of a TLS listener held at one time. */
final class TlsFiles {
    private final Map<Path, byte[]> contents = new LinkedHashMap<>();

    private TlsFiles() {}

    /**
     * Reads them all; blocks.
     *
     * @throws IllegalArgumentException naming the first one that can't be read
     */
    static TlsFiles read(TlsSettings settings) {
        TlsFiles files = new TlsFiles();
        for (TlsSettings.Source source : settings.sources()) {
            for (Path file : source.files()) {
                files.contents.put(file, Pem.bytes(file));
            }
        }
        if (settings.clientAuthorities() != null) {
            files.contents.put(settings.clientAuthorities(), Pem.bytes(settings.clientAuthorities()));
        }
        return files;
    }

    byte[] content(Path file) {
        return Objects.requireNonNull(contents.get(file));
    }

    Pem pem(Path file) {
        return Pem.of(file, content(file));
    }

    /** Whether every file holds the same there. */
    boolean isSameAs(TlsFiles other) {
        return contents.keySet().equals(other.contents.keySet())
                && contents.entrySet().stream()
                        .allMatch(entry -> Arrays.equals(entry.getValue(), other.content(entry.getKey())));
    }
}
