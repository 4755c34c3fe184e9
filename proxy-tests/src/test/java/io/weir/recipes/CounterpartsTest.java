package io.weir.recipes;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/** What "From nginx.conf to Weir" names as the counterpart of a directive compiles, each piece of code as it stands there. */
class CounterpartsTest {
    private static final Pattern CODE = Pattern.compile("`([^`]*\\w\\([^`]*)`");

    /** Whose method a piece may be, where it does not begin with a class. Static ones are qualified by their class. */
    private static final List<String> RECEIVERS = List.of(
            "",
            "p.",
            "site.",
            "route.",
            "pool.",
            "server.",
            "running.",
            "tls.",
            "upstreamTls.",
            "retry.",
            "policy.",
            "requestEdits.",
            "responseEdits.",
            "mapping.",
            "timeouts.",
            "compression.",
            "rules.",
            "auth.",
            "rateLimit.",
            "connectionLimit.",
            "accessLog.",
            "BalancingStrategy.");

    /** What the pieces are about. */
    private static final String FIELDS = """
            ProxyConfig.Builder p; Site site; Route.Draft route; UpstreamPool.Builder pool;
            JettyProxyServer.Builder server; JettyProxyServer running; Tls tls; UpstreamTls upstreamTls;
            RetryPolicy retry; HeaderPolicy.Builder policy; HeaderPolicy.RequestEdits requestEdits;
            HeaderPolicy.ResponseEdits responseEdits; ResponseMapping mapping; Timeouts.Builder timeouts;
            Compression compression; IpAccess.Rules rules; BasicAuth.Draft auth; RateLimit rateLimit;
            ConnectionLimit connectionLimit; AccessLog accessLog;
            UpstreamPool app; ProxyConfig config; RequestHead head; String url, from, to, location, password;
            int n; long memoryBytes, fileBytes; Duration d, second, connect, read, send, grace;
            Path pem, chain, key, file, path, authorities; Map<String, String> map; Middleware one, other;
            CompletionStage<Verdict> stage; ResponseTransform transform; MinimumRate rate; ProxyListener listener;
            Predicate<ExchangeSummary> condition;
            """;

    @Test
    void eachPieceOfCodeCompiles() throws IOException {
        List<String> pieces = pieces();
        StringBuilder source = new StringBuilder("""
                import io.weir.*; import io.weir.body.*; import io.weir.header.*; import io.weir.http.*;
                import io.weir.jetty.*; import io.weir.log.*; import io.weir.middleware.*; import io.weir.route.*;
                import io.weir.upstream.*; import java.nio.file.Path; import java.time.Duration; import java.util.Map;
                import java.util.concurrent.CompletionStage; import java.util.function.Predicate;
                class Pieces {
                """);
        source.append(FIELDS);
        long line = source.chars().filter(c -> c == '\n').count() + 1;
        Map<Long, Integer> lineOf = new HashMap<>();
        for (int i = 0; i < pieces.size(); i++) {
            for (int j = 0; j < (isRooted(pieces.get(i)) ? 1 : RECEIVERS.size()); j++) {
                lineOf.put(line++, i);
                source.append("void piece" + i + "_" + j + "() { " + RECEIVERS.get(j) + pieces.get(i) + "; }\n");
            }
        }
        Set<Long> broken = linesThatDoNotCompile(source.append("}\n").toString());

        Set<Integer> sound = new HashSet<>();
        lineOf.forEach((where, piece) -> {
            if (!broken.contains(where)) {
                sound.add(piece);
            }
        });
        List<String> unknown = IntStream.range(0, pieces.size())
                .filter(i -> !sound.contains(i))
                .mapToObj(pieces::get)
                .toList();
        assertThat(pieces).hasSizeGreaterThan(100);
        assertThat(unknown).isEmpty();
    }

    /** All code of the right-hand columns. */
    private static List<String> pieces() throws IOException {
        List<String> pieces = new ArrayList<>();
        for (String line : Files.readAllLines(Project.root().resolve(".github/NGINX.md"), UTF_8)) {
            if (line.startsWith("| ")) {
                String counterpart = line.substring(line.indexOf(" | ") + 3);
                CODE.matcher(counterpart).results().map(CounterpartsTest::code).forEach(pieces::add);
            }
        }
        return pieces;
    }

    private static boolean isRooted(String piece) {
        return Character.isUpperCase(piece.charAt(0));
    }

    private static String code(MatchResult found) {
        return found.group(1);
    }

    private static Set<Long> linesThatDoNotCompile(String source) throws IOException {
        DiagnosticCollector<JavaFileObject> messages = new DiagnosticCollector<>();
        Path output = Files.createTempDirectory("weir-pieces");
        ToolProvider.getSystemJavaCompiler()
                .getTask(
                        null,
                        null,
                        messages,
                        List.of(
                                "-proc:none",
                                "-Xmaxerrs",
                                "100000",
                                "-d",
                                output.toString(),
                                "-classpath",
                                System.getProperty("java.class.path")),
                        null,
                        List.of(new InMemory(source)))
                .call();
        List<Diagnostic<? extends JavaFileObject>> errors = messages.getDiagnostics().stream()
                .filter(message -> message.getKind() == Diagnostic.Kind.ERROR)
                .toList();
        // Anything but an unknown name or a wrong type keeps the compiler from looking at all else.
        assertThat(errors.stream()
                        .filter(error -> !error.getCode().startsWith("compiler.err.cant.")
                                && !error.getCode().startsWith("compiler.err.prob.")
                                && !error.getCode().startsWith("compiler.err.incompatible")
                                && !error.getCode().startsWith("compiler.err.non-static")
                                && !error.getCode().startsWith("compiler.err.ref.ambiguous"))
                        .map(error -> error.getCode() + " " + error.getMessage(null))
                        .collect(joining("\n")))
                .isEmpty();
        Set<Long> lines = new HashSet<>();
        errors.forEach(error -> lines.add(error.getLineNumber()));
        return lines;
    }

    private static final class InMemory extends SimpleJavaFileObject {
        private final String source;

        InMemory(String source) {
            super(URI.create("string:///Pieces.java"), Kind.SOURCE);
            this.source = source;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return source;
        }
    }
}
