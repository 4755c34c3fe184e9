package io.weir.engine;

import io.weir.testkit.Identity;
import io.weir.testkit.RawH2Client;
import io.weir.testkit.ScriptedUpstream;

class Http2SmugglingOverTlsTest extends Http2SmugglingTest implements OverTls {
    @Override
    RawH2Client connect(int port) {
        return RawH2Client.connectTls(port, Identity.trustingAll(), "a.test");
    }

    @Override
    String seen(ScriptedUpstream upstream) {
        return super.seen(upstream).replace("X-Forwarded-Proto: https", "X-Forwarded-Proto: http");
    }
}
