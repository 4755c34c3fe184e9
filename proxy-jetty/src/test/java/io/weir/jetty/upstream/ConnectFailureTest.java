package io.weir.jetty.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.ProxyError;
import io.weir.http.ProxyFailure;
import java.net.ConnectException;
import java.net.SocketException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A connection that does not come about says where to look. */
class ConnectFailureTest {

    @Test
    void refusedByTheUpstream() {
        ProxyFailure failure = ConnectFailure.ofConnect("http://a.test", new ConnectException("Connection refused"));

        assertThat(failure.error()).isEqualTo(ProxyError.CONNECTION_REFUSED);
        assertThat(failure.detail())
                .isEqualTo("connect to http://a.test: Connection refused (is it running, and on that port?)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Permission denied", "Operation not permitted"})
    void forbiddenByTheSystem(String what) {
        ProxyFailure failure = ConnectFailure.ofConnect("unix:/run/app.sock", new SocketException(what));

        assertThat(failure.error()).isEqualTo(ProxyError.DESTINATION_UNREACHABLE);
        assertThat(failure.detail())
                .startsWith("connect to unix:/run/app.sock: " + what + " (the system forbids it: SELinux");
    }

    @Test
    void anythingElseSpeaksForItself() {
        assertThat(ConnectFailure.ofConnect("http://a.test", new SocketException("Network is unreachable"))
                        .detail())
                .isEqualTo("connect to http://a.test: Network is unreachable");
    }
}
