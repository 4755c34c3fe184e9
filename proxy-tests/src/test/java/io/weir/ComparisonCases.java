package io.weir;

import io.weir.testkit.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The requests by which Weir is compared with nginx; the locations they aim at are those of {@link NginxOracle}. */
final class ComparisonCases {

    private ComparisonCases() {}

    static List<ComparisonCase> all() {
        List<ComparisonCase> all = new ArrayList<>(TargetCases.all());
        all.addAll(HostCases.all());
        all.addAll(methods());
        all.addAll(redirects());
        return List.copyOf(all);
    }

    private static List<ComparisonCase> methods() {
        List<ComparisonCase> cases = new ArrayList<>();
        for (String method : List.of(
                "HEAD",
                "POST",
                "PUT",
                "PATCH",
                "DELETE",
                "OPTIONS",
                "PURGE",
                "PROPFIND",
                "M-SEARCH",
                "FOO_BAR",
                "LOCK",
                "TRACE",
                "get",
                "FooBar",
                "G!T",
                "GET1",
                "CONNECT")) {
            cases.add(ComparisonCase.request(method, "/strip/a%2Fb", ""));
        }
        cases.add(ComparisonCase.request("POST", "/strip/a", "abc"));
        cases.add(ComparisonCase.request("GET", "/strip/a", "abc"));
        cases.add(ComparisonCase.request("DELETE", "/plain/a", "abc"));
        cases.add(ComparisonCase.request("OPTIONS", "*", ""));
        cases.add(ComparisonCase.request("GET", "*", ""));
        cases.add(ComparisonCase.request("OPTIONS", "http://default.test", ""));
        cases.add(ComparisonCase.request("CONNECT", "default.test:443", ""));
        return cases;
    }

    /** The upstream redirects; what does the client see? */
    private static List<ComparisonCase> redirects() {
        Map<String, List<String>> locationsByTarget = new TreeMap<>(Map.of(
                "/plain/a",
                        List.of("{upstream}/plain/b", "{upstream}/b?q={x}", "{upstream}", "/b", "b", "//other.test/b"),
                "/strip/a", List.of("{upstream}/b", "{upstream}/", "{upstream}", "/b", "http://default.test/b"),
                "/join/a", List.of("{upstream}/v1b", "{upstream}/v1/b", "{upstream}/b"),
                "/dir/a",
                        List.of(
                                "{upstream}/v1/b%2Fc?q={x}#f",
                                "{upstream}/v1/",
                                "{upstream}/v1",
                                "{upstream}/v2/b",
                                "/v1/b",
                                "http://other.test/v1/b",
                                "https://default.test/v1/b"),
                "/bare/a", List.of("{upstream}/b", "/b"),
                "/fixed", List.of("{upstream}/other", "{upstream}/others", "{upstream}/b"),
                "/a.png", List.of("{upstream}/b.png", "/b.png"),
                "/rewrite/a/b", List.of("{upstream}/b/a", "{upstream}/rewrite/a/b")));
        List<ComparisonCase> cases = new ArrayList<>();
        locationsByTarget.forEach((target, locations) -> locations.forEach(location -> cases.add(ComparisonCase.with(
                target + " redirected to " + location,
                "GET " + target + " HTTP/1.1",
                new Field("Host", ComparisonCase.HOST),
                new Field("X-Echo-Status", "302 Found"),
                new Field("X-Echo-Location", location)))));
        cases.add(ComparisonCase.with(
                "/dir/a created at {upstream}/v1/b",
                "POST /dir/a HTTP/1.1",
                new Field("Host", ComparisonCase.HOST),
                new Field("X-Echo-Status", "201 Created"),
                new Field("X-Echo-Location", "{upstream}/v1/b")));
        return cases;
    }
}
