package io.weir;

import io.weir.testkit.EchoUpstream;
import io.weir.testkit.Nginx;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawResponse;

/**
 * The real nginx with one location for each kind of route, before an upstream that echoes: what Weir is compared with.
 *
 * <p>Two settings make it comparable, neither changes a meaning: {@code Host} goes on as the client sent it, which is
 * Weir's default, and nginx's own redirects are relative, as Weir's are.
 */
final class NginxOracle implements ComparedProxy, AutoCloseable {

    /** The names of its locations are those that Weir's routes have to use. */
    static final String CONFIGURATION = """
            underscores_in_headers on;
            absolute_redirect off;
            proxy_http_version 1.1;
            proxy_set_header Connection '';
            proxy_set_header Host $http_host;

            server {
                listen 127.0.0.1:{port} default_server;
                server_name default.test;

                location / {
                    add_header X-Location any always;
                    proxy_pass {upstream};
                }
                location /plain/ {
                    add_header X-Location prefix-as-is always;
                    proxy_pass {upstream};
                }
                location /strip/ {
                    add_header X-Location prefix-to-root always;
                    proxy_pass {upstream}/;
                }
                location /join/ {
                    add_header X-Location prefix-to-v1-unended always;
                    proxy_pass {upstream}/v1;
                }
                location /dir/ {
                    add_header X-Location prefix-to-v1 always;
                    proxy_pass {upstream}/v1/;
                }
                location /open {
                    add_header X-Location open-prefix-as-is always;
                    proxy_pass {upstream};
                }
                location /bare {
                    add_header X-Location open-prefix-to-root always;
                    proxy_pass {upstream}/;
                }
                location = /exact {
                    add_header X-Location exact-as-is always;
                    proxy_pass {upstream};
                }
                location = /fixed {
                    add_header X-Location exact-to-other always;
                    proxy_pass {upstream}/other;
                }
                location = /dir/exact {
                    add_header X-Location exact-below-prefix always;
                    proxy_pass {upstream};
                }
                location ^~ /static/ {
                    add_header X-Location prefix-over-regex always;
                    proxy_pass {upstream};
                }
                location /static/open/ {
                    add_header X-Location prefix-below-prefix-over-regex always;
                    proxy_pass {upstream};
                }
                location /deep/ {
                    add_header X-Location deep always;
                    proxy_pass {upstream};
                }
                location /deep/er/ {
                    add_header X-Location deeper always;
                    proxy_pass {upstream}/v1/;
                }
                location /deep/er/est {
                    add_header X-Location deepest always;
                    proxy_pass {upstream};
                }
                location /Case/ {
                    add_header X-Location prefix-with-capital always;
                    proxy_pass {upstream};
                }
                location "/sp ace/" {
                    add_header X-Location prefix-with-space always;
                    proxy_pass {upstream}/;
                }
                location /th\u00c3\u00a9/ {
                    add_header X-Location prefix-with-utf8 always;
                    proxy_pass {upstream}/;
                }
                location /rewrite/ {
                    add_header X-Location rewrite-with-captures always;
                    rewrite ^/rewrite/([^/]+)/(.*)$ /$2/$1 break;
                    proxy_pass {upstream};
                }

                location ~ \\.(png|css)$ {
                    add_header X-Location regex always;
                    proxy_pass {upstream};
                }
                location ~* \\.jpe?g$ {
                    add_header X-Location regex-any-case always;
                    proxy_pass {upstream};
                }
                location ~ ^/order/ {
                    add_header X-Location regex-first always;
                    proxy_pass {upstream};
                }
                location ~ ^/order/second {
                    add_header X-Location regex-second always;
                    proxy_pass {upstream};
                }
                location ~ ^/one/.$ {
                    add_header X-Location regex-one-character always;
                    proxy_pass {upstream};
                }
            }

            server {
                listen 127.0.0.1:{port};
                server_name exact.example.com;
                add_header X-Location site-exact always;
                location / { proxy_pass {upstream}; }
            }
            server {
                listen 127.0.0.1:{port};
                server_name *.example.com;
                add_header X-Location site-wildcard always;
                location / { proxy_pass {upstream}; }
            }
            server {
                listen 127.0.0.1:{port};
                server_name *.deep.example.com;
                add_header X-Location site-longer-wildcard always;
                location / { proxy_pass {upstream}; }
            }
            server {
                listen 127.0.0.1:{port};
                server_name mail.*;
                add_header X-Location site-trailing-wildcard always;
                location / { proxy_pass {upstream}; }
            }
            server {
                listen 127.0.0.1:{port};
                server_name mail.example.*;
                add_header X-Location site-longer-trailing-wildcard always;
                location / { proxy_pass {upstream}; }
            }
            server {
                listen 127.0.0.1:{port};
                server_name ~^api[0-9]+[.];
                add_header X-Location site-regex always;
                location / { proxy_pass {upstream}; }
            }
            server {
                listen 127.0.0.1:{port};
                server_name ~^api1[.];
                add_header X-Location site-regex-second always;
                location / { proxy_pass {upstream}; }
            }
            server {
                listen 127.0.0.1:{port};
                server_name .example.org;
                add_header X-Location site-and-subdomains always;
                location / { proxy_pass {upstream}; }
            }
            server {
                listen 127.0.0.1:{port};
                server_name www.example.net Capital.example.net;
                add_header X-Location site-two-names always;
                location / { proxy_pass {upstream}; }
            }
            """;

    private final EchoUpstream upstream;
    private final Nginx nginx;

    private NginxOracle(EchoUpstream upstream, Nginx nginx) {
        this.upstream = upstream;
        this.nginx = nginx;
    }

    static NginxOracle start() {
        EchoUpstream upstream = EchoUpstream.start();
        return new NginxOracle(upstream, Nginx.start(CONFIGURATION.replace("{upstream}", upstream.uri())));
    }

    /** Prints what {@link NginxRecord} has to hold. */
    public static void main(String... arguments) {
        try (NginxOracle oracle = start()) {
            for (ComparisonCase request : ComparisonCases.all()) {
                System.out.println(Observation.of(oracle, request).lineOf(request));
            }
        }
    }

    @Override
    public RawResponse send(ComparisonCase request) {
        return RawClient.exchange(nginx.port(), request.bytes());
    }

    @Override
    public EchoUpstream upstream() {
        return upstream;
    }

    @Override
    public void close() {
        nginx.close();
        upstream.close();
    }
}
