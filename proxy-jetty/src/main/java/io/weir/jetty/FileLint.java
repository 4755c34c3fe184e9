package io.weir.jetty;

import io.weir.ProxyConfig;
import io.weir.http.Finding;
import io.weir.jetty.files.WatchedFiles;
import io.weir.middleware.Middleware;
import io.weir.route.Route;
import io.weir.route.Site;
import io.weir.upstream.Upstream;
import io.weir.upstream.UpstreamPool;
import io.weir.upstream.UpstreamTls;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Looks at the files that a configuration names: whether they can be read, and secrets by nobody else. */
final class FileLint {
    private FileLint() {}

    static List<Finding> of(ProxyConfig config) {
        List<Finding> findings = new ArrayList<>();
        Map<Path, String> secrets = new LinkedHashMap<>();
        Map<Path, String> others = new LinkedHashMap<>();
        for (UpstreamPool pool : config.pools().values()) {
            for (Upstream upstream : pool.upstreams()) {
                UpstreamTls tls = pool.tlsOf(upstream);
                if (tls != null) {
                    String place = "pool \"" + pool.name() + "\", " + upstream.url();
                    note(tls.key(), place, secrets);
                    note(tls.certificate(), place, others);
                    note(tls.trust(), place, others);
                }
            }
        }
        for (Site site : config.sites()) {
            for (Route route : site.routes()) {
                String place = site + ", route \"" + route + "\"";
                route.middleware().forEach(one -> prepare(one, place, secrets, findings));
            }
            site.middleware().forEach(one -> prepare(one, site.toString(), secrets, findings));
        }
        config.middleware().forEach(one -> prepare(one, "proxy", secrets, findings));
        others.forEach((file, place) -> checkReadable(file, place, findings));
        secrets.forEach((file, place) -> {
            if (checkReadable(file, place, findings)) {
                checkSecret(file, place, findings);
            }
        });
        return findings;
    }

    /** Has a middleware read its files, as at a start, to learn which they are and whether they serve. */
    private static void prepare(Middleware one, String place, Map<Path, String> secrets, List<Finding> findings) {
        WatchedFiles files = new WatchedFiles();
        try {
            one.prepare(file -> {
                secrets.putIfAbsent(file, place + ", " + one.name());
                return files.at(file);
            });
        } catch (IllegalArgumentException e) {
            findings.add(new Finding(
                    "unreadable-file",
                    place + ", " + one.name(),
                    "the proxy would not start: " + e.getMessage(),
                    "mend the file, or name another"));
        }
    }

    private static void note(@Nullable Path file, String place, Map<Path, String> files) {
        if (file != null) {
            files.putIfAbsent(file, place);
        }
    }

    private static boolean checkReadable(Path file, String place, List<Finding> findings) {
        boolean readable = Files.isReadable(file);
        if (!readable) {
            findings.add(new Finding(
                    "unreadable-file",
                    place,
                    file + " is not there, or this user may not read it",
                    "name another file, or let this user read it"));
        }
        return readable;
    }

    private static void checkSecret(Path file, String place, List<Finding> findings) {
        try {
            if (Files.getPosixFilePermissions(file).contains(PosixFilePermission.OTHERS_READ)) {
                findings.add(new Finding(
                        "secret-readable-by-others",
                        place,
                        "every user of this machine can read the secrets in " + file,
                        "run chmod o-r " + file));
            }
        } catch (UnsupportedOperationException e) {
            return; // no POSIX, no such permissions
        } catch (IOException e) {
            findings.add(
                    new Finding("unreadable-file", place, "its permissions can't be read: " + e, "look at " + file));
        }
    }
}
