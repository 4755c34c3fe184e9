package io.weir.examples;

import io.weir.ProxyConfig;
import io.weir.http.Finding;
import io.weir.jetty.JettyProxyServer;
import java.util.List;

/** What {@code nginx -t} is for: looks a configuration through without starting anything. */
public final class Check {
    private Check() {}

    /** Ends with 1 if there is something to look at. */
    public static void main(String[] args) {
        ProxyConfig config = Sites.config(); // throws if it makes no sense
        System.out.println(config);

        List<Finding> findings = JettyProxyServer.lint(config);
        findings.forEach(System.out::println);
        System.exit(findings.isEmpty() ? 0 : 1);
    }
}
