package io.weir.engine;

import io.weir.testkit.ScriptedUpstream;
import java.util.List;
import java.util.Set;

class SmugglingOverTlsTest extends SmugglingTest implements OverTls {
    /** Without those whose host no certificate names: that is a 421 here. */
    static List<HostileMessage> messages() {
        return SmugglingTest.messages().stream()
                .filter(message -> !Set.of("host with a trailing comma", "host with a percent")
                        .contains(message.name()))
                .toList();
    }

    @Override
    String seen(ScriptedUpstream upstream) {
        return super.seen(upstream).replace("X-Forwarded-Proto: https", "X-Forwarded-Proto: http");
    }
}
