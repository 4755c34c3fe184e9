package io.weir.jetty.tls;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a TLS listener was told; its files are read when it starts.
 *
 * @param sources where its certificates come from; the first one's is the default
 * @param refusesUnknownNames whether a client that asks for a name of no certificate is turned away
 * @param clients whether clients have to show a certificate
 * @param clientAuthorities PEM file of the authorities that may have signed it; null if {@code clients} is NONE
 * @param protocols versions that are spoken
 * @param ciphers suites in order of preference; empty for the modern ones of this JDK
 * @param reloadInterval how often the files are looked at; zero for never
 */
public record TlsSettings(
        List<Source> sources,
        boolean refusesUnknownNames,
        Clients clients,
        @Nullable Path clientAuthorities,
        List<String> protocols,
        List<String> ciphers,
        Duration reloadInterval) {

    /** What is asked of clients. */
    public enum Clients {
        /** Nothing. */
        NONE,
        /** A certificate if they have one. */
        OPTIONAL,
        /** A certificate. */
        REQUIRED
    }

    /** Where certificates come from. */
    public sealed interface Source {
        /** A chain and its key. */
        record PemFiles(Path chain, Path key, @Nullable String password) implements Source {
            @Override
            public List<Path> files() {
                return List.of(chain, key);
            }

            @Override
            public String toString() {
                return chain.toString();
            }
        }

        /** Every key of a key store. */
        record Store(Path file, String password) implements Source {
            @Override
            public List<Path> files() {
                return List.of(file);
            }

            @Override
            public String toString() {
                return file.toString();
            }
        }

        /** What has to be read. */
        List<Path> files();
    }

    /** With one source, and the defaults. */
    public static TlsSettings of(Source source) {
        return new TlsSettings(
                List.of(source),
                false,
                Clients.NONE,
                null,
                List.of("TLSv1.3", "TLSv1.2"),
                List.of(),
                Duration.ofSeconds(10));
    }

    /** With one more source. */
    public TlsSettings and(Source source) {
        List<Source> more = new ArrayList<>(sources);
        more.add(source);
        return new TlsSettings(
                List.copyOf(more), refusesUnknownNames, clients, clientAuthorities, protocols, ciphers, reloadInterval);
    }

    /** Turning away who asks for an unknown name. */
    public TlsSettings refusingUnknownNames() {
        return new TlsSettings(sources, true, clients, clientAuthorities, protocols, ciphers, reloadInterval);
    }

    /** Asking that of clients. */
    public TlsSettings withClients(Clients clients, Path authorities) {
        return new TlsSettings(sources, refusesUnknownNames, clients, authorities, protocols, ciphers, reloadInterval);
    }

    /** With those versions. */
    public TlsSettings withProtocols(List<String> protocols) {
        return new TlsSettings(
                sources,
                refusesUnknownNames,
                clients,
                clientAuthorities,
                List.copyOf(protocols),
                ciphers,
                reloadInterval);
    }

    /** With those suites. */
    public TlsSettings withCiphers(List<String> ciphers) {
        return new TlsSettings(
                sources,
                refusesUnknownNames,
                clients,
                clientAuthorities,
                protocols,
                List.copyOf(ciphers),
                reloadInterval);
    }

    /** Looking at the files that often. */
    public TlsSettings withReloadInterval(Duration interval) {
        return new TlsSettings(sources, refusesUnknownNames, clients, clientAuthorities, protocols, ciphers, interval);
    }

    /** The certificates' files; no password. */
    @Override
    public String toString() {
        return "TLS " + sources;
    }
}
