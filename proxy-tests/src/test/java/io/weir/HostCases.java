package io.weir;

import io.weir.testkit.Field;
import java.util.ArrayList;
import java.util.List;

/** Which site a request belongs to: by its Host, or by the authority in its target. */
final class HostCases {

    private HostCases() {}

    static List<ComparisonCase> all() {
        List<ComparisonCase> all = new ArrayList<>(sites());
        all.addAll(oddHosts());
        return all;
    }

    private static List<ComparisonCase> sites() {
        return hosts(
                "exact.example.com",
                "EXACT.Example.COM",
                "exact.example.com:8080",
                "exact.example.com.",
                "exact.example.com.:80",
                "a.example.com",
                "A.EXAMPLE.com",
                "a.b.example.com",
                "example.com",
                "deep.example.com",
                "a.deep.example.com",
                ".example.com",
                "*.example.com",
                "mail.example.com",
                "mail.test",
                "mail.example.de",
                "mail.a.b.c",
                "mail",
                "mail.",
                "api1.test",
                "API22.test",
                "api1.example.com",
                "apix.test",
                "example.org",
                "a.example.org",
                "a.b.example.org:81",
                "notexample.org",
                "www.example.net",
                "capital.example.net",
                "example.net",
                "unknown.test",
                "localhost");
    }

    private static List<ComparisonCase> oddHosts() {
        List<ComparisonCase> cases = hosts(
                "127.0.0.1",
                "127.0.0.1:80",
                "[::1]",
                "[::1]:8080",
                "[::1",
                "::1",
                "",
                "exact.example.com:",
                "exact.example.com:http",
                "exact.example.com:99999",
                "user@exact.example.com",
                "exact.example.com/plain",
                "exact.example.com?q",
                "exact example.com",
                "exact..example.com",
                "exact.example.com..",
                ".",
                "a_b.example.com",
                "caf\u00c3\u00a9.example.com",
                "a%2eexample.com",
                "exact.example.com\\a",
                "exact.example.com,default.test");
        cases.add(ComparisonCase.with("HTTP/1.0 without Host", "GET /plain/a HTTP/1.0"));
        cases.add(ComparisonCase.with(
                "HTTP/1.0 with Host", "GET /plain/a HTTP/1.0", new Field("Host", "exact.example.com")));
        cases.add(ComparisonCase.with("HTTP/1.1 without Host", "GET /plain/a HTTP/1.1"));
        cases.add(ComparisonCase.with(
                "two Hosts",
                "GET /plain/a HTTP/1.1",
                new Field("Host", "default.test"),
                new Field("Host", "exact.example.com")));
        cases.add(ComparisonCase.with(
                "the same Host twice",
                "GET /plain/a HTTP/1.1",
                new Field("Host", ComparisonCase.HOST),
                new Field("Host", ComparisonCase.HOST)));
        cases.add(ComparisonCase.with("HTTP/1.2", "GET /plain/a HTTP/1.2", new Field("Host", ComparisonCase.HOST)));
        cases.add(ComparisonCase.with(
                "HTTP/1.0 in absolute form without Host", "GET http://default.test/plain/a HTTP/1.0"));
        cases.add(ComparisonCase.with(
                "HTTP/1.1 in absolute form without Host", "GET http://default.test/plain/a HTTP/1.1"));
        cases.add(ComparisonCase.with(
                "absolute form against Host",
                "GET http://default.test/strip/a HTTP/1.1",
                new Field("Host", "exact.example.com")));
        cases.add(ComparisonCase.with("HTTP/2.0", "GET /plain/a HTTP/2.0", new Field("Host", ComparisonCase.HOST)));
        cases.add(ComparisonCase.with(
                "http/1.1 in lower case", "GET /plain/a http/1.1", new Field("Host", ComparisonCase.HOST)));
        return cases;
    }

    private static List<ComparisonCase> hosts(String... hosts) {
        List<ComparisonCase> cases = new ArrayList<>();
        for (String host : hosts) {
            cases.add(ComparisonCase.with("Host: " + host, "GET /plain/a HTTP/1.1", new Field("Host", host)));
        }
        return cases;
    }
}
