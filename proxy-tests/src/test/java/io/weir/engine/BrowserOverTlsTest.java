package io.weir.engine;

/** There the browser speaks HTTP/2, and its WebSockets are streams (RFC 8441). */
class BrowserOverTlsTest extends BrowserTest implements OverTls {
    @Override
    String scheme() {
        return "https";
    }

    @Override
    String spoken() {
        return "h2";
    }
}
