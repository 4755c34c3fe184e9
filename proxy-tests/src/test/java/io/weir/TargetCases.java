package io.weir;

import java.util.ArrayList;
import java.util.List;

/** Paths and queries: how they are read, which location they choose, and how they are passed on. */
final class TargetCases {

    /** 4 KiB of path. */
    static final String LONG = "a".repeat(4096);

    /** Where a target begins: one of each way to forward a path. */
    private static final List<String> PREFIXES =
            List.of("/", "/plain/", "/strip/", "/join/", "/dir/", "/bare/", "/static/", "/deep/er/");

    /** How it goes on: whatever two parsers may read in two ways. */
    private static final List<String> RESTS = List.of(
            "",
            "a/b",
            "a%2Fb",
            "a%20b",
            "a%25b",
            "a%3Fb",
            "a%23b",
            "a%5Cb",
            "a%7Cb",
            "caf%C3%A9",
            "a//b",
            "a/../b",
            "a/%2e%2e/b",
            "a/./b",
            "a/..",
            "a;b=c/d",
            "a?q={x}",
            "a?",
            "a?a=%zz&b=/../c",
            "a|b",
            "%61%7E",
            "%00",
            "%zz",
            "../../x",
            LONG);

    private TargetCases() {}

    static List<ComparisonCase> all() {
        List<ComparisonCase> all = new ArrayList<>();
        for (String prefix : PREFIXES) {
            for (String rest : RESTS) {
                all.add(ComparisonCase.get(prefix + rest));
            }
        }
        all.addAll(oddTargets());
        all.addAll(locations());
        all.addAll(slashes());
        all.addAll(absoluteForms());
        return all;
    }

    private static List<ComparisonCase> oddTargets() {
        return targets(
                "/plain/a%",
                "/plain/a%2",
                "/plain/a%0d%0aX-Evil:1",
                "/strip/a%0d%0aX-Evil:1",
                "/strip/a%09%7f%01",
                "/plain/a%ff%fe",
                "/strip/a%ff%fe",
                "/strip/a%22%3C%3E%5E%60%7B%7D",
                "/strip/a\"<>^`{}[]",
                "/strip/a\\b",
                "/strip/a+b&c=d$e'f(g)h*i,j!k@l:m~n",
                "/strip/a%2Bb%26c%3Dd%24e%2Cj%40l%3Am",
                "/strip/a%61\"<>^`{}[]|\\",
                "/strip/a%61caf\u00c3\u00a9",
                "/strip/caf\u00c3\u00a9",
                "/plain/caf\u00c3\u00a9",
                "/plain/caf\u00e9",
                "/strip/caf\u00e9",
                "/strip/a%2e%2e/b",
                "/strip/.../b",
                "/strip/..%2fb",
                "/strip/%2e/b",
                "/strip/a/.",
                "/strip/a/...",
                "/strip/./././a",
                "/strip/..",
                "/strip/../plain/a",
                "/plain/..%2fstrip/a",
                "/plain/%2e%2e/strip/a?q=1",
                "/plain/../strip/%2541",
                "/strip/%252e%252e/a",
                "/plain/%5c..%5cstrip/a",
                "/plain/..\\strip/a",
                "/plain/..;/strip/a",
                "/plain;x=y/a",
                "//plain//a",
                "//",
                "///",
                "//default.test/plain/a",
                "/%2Fplain/a",
                "/%2Fstrip/a",
                "/%70lain/a",
                "/%73trip/a%62",
                "/strip%2Fa",
                "/strip%20/a",
                "/..",
                "/../plain/a",
                "/%2e%2e/plain/a",
                "/./plain/a",
                "/plain/a/../../../strip/b",
                "/plain/a#fragment",
                "/plain/a?q#fragment",
                "/strip/a?q#fragment",
                "/strip/a#fragment?q",
                "/plain/a?q=%00",
                "/strip/a?q=\"<>|\\^`",
                "/strip/a??b?c",
                "/strip/a%3Fb?c",
                "/strip/?",
                "/?q=1",
                "/?",
                "?q=1",
                "plain/a",
                "/plain/a b",
                "/plain/a\tb",
                "/plain/a\u0001b",
                "/plain/a\u007fb");
    }

    private static List<ComparisonCase> locations() {
        return targets(
                "/plain/a.png",
                "/strip/a.png",
                "/strip/a.css?x=.jpg",
                "/a.PNG",
                "/a.JPG",
                "/a.jpeg",
                "/a.png/b",
                "/a.png/",
                "/a.%70ng",
                "/a%2Epng",
                "/a.png%0a",
                "/a.png%0d",
                "/a.png%0d%0a",
                "/a.png%C2%85",
                "/a.png%E2%80%A8",
                "/a.png%00",
                "/a.png%20",
                "/a.png;x",
                "/b/../a%2Fb.png",
                "/a.png/..",
                "/static/a.png",
                "/static/open/a.png",
                "/static/open/a",
                "/x/../static/a.png",
                "/exact",
                "/exact?q=1",
                "/exact/",
                "/exact/a",
                "/exacta",
                "/Exact",
                "/%65xact",
                "//exact",
                "/x/../exact",
                "/fixed",
                "/fixed?q={x}",
                "/fixed?",
                "/dir/exact",
                "/dir/exact/a",
                "/dir/./exact",
                "/open",
                "/opener/a%2Fb",
                "/open/a",
                "/bare",
                "/barefoot",
                "/bare?q=1",
                "/deep/a",
                "/deep/era",
                "/deep/er/a",
                "/deep/er/estimate",
                "/deep//er//a",
                "/case/a",
                "/Case/a",
                "/PLAIN/a",
                "/sp%20ace/a",
                "/sp ace/a",
                "/th%C3%A9/a",
                "/th%c3%a9/%C3%A9",
                "/th\u00c3\u00a9/a",
                "/order/second",
                "/order",
                "/one/a",
                "/one/%C3%A9",
                "/one/%E9",
                "/one/%0a",
                "/one/%0d",
                "/one/%85",
                "/one/%C2%85",
                "/rewrite/a/b",
                "/rewrite/a/b%2Fc?q=1",
                "/rewrite/a%20b/c%25d",
                "/rewrite/a%3Fb/c",
                "/rewrite/a|b/c\"d",
                "/rewrite/%61|b/c\"d",
                "/rewrite//a//b",
                "/rewrite/a/b?",
                "/rewrite/a/b#f",
                "/rewrite/a");
    }

    /** A prefix that ends in a slash, asked for without it. */
    private static List<ComparisonCase> slashes() {
        List<ComparisonCase> cases = targets(
                "/plain",
                "/strip",
                "/strip?q={x}",
                "/%73trip",
                "//strip",
                "/static",
                "/deep/er",
                "/sp%20ace",
                "/th%C3%A9");
        cases.add(ComparisonCase.request("POST", "/strip", "abc"));
        cases.add(ComparisonCase.request("HEAD", "/dir", ""));
        return cases;
    }

    private static List<ComparisonCase> absoluteForms() {
        return targets(
                "http://exact.example.com/plain/a",
                "http://default.test/plain/a%2Fb?q={x}",
                "http://default.test/strip/a%2Fb?q={x}",
                "http://default.test/strip/../plain/a",
                "http://default.test//strip//a",
                "http://default.test",
                "http://default.test/",
                "http://default.test?q=1",
                "http://default.test/strip",
                "http://default.test:8080/plain/a",
                "HTTP://DEFAULT.TEST/plain/a",
                "https://default.test/plain/a",
                "http://exact.example.com./plain/a",
                "http://[::1]:80/plain/a",
                "http://user@default.test/plain/a",
                "http:///plain/a",
                "http:/plain/a",
                "http://default.test\\plain/a",
                "http://default.test#fragment",
                "ftp://default.test/plain/a");
    }

    private static List<ComparisonCase> targets(String... targets) {
        List<ComparisonCase> cases = new ArrayList<>();
        for (String target : targets) {
            cases.add(ComparisonCase.get(target));
        }
        return cases;
    }
}
