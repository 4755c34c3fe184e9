package io.weir.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import org.junit.jupiter.api.Test;

class PortsTest {

    @Test
    void aRefusingPortRefuses() {
        try (var port = RefusingPort.open()) {
            assertThat(port.uri()).isEqualTo("http://127.0.0.1:" + port.port());
            assertThatThrownBy(() -> RawClient.connect(port.port())).hasCauseInstanceOf(ConnectException.class);
        }
    }

    @Test
    void anUnresponsivePortLeavesAConnectPending() throws IOException {
        try (var port = UnresponsivePort.open();
                var channel = SocketChannel.open()) {
            channel.configureBlocking(false);

            // On the loopback interface a handshake is over when connect returns; one that is pending was ignored.
            assertThat(channel.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port.port())))
                    .isFalse();
            assertThat(channel.finishConnect()).isFalse();
        }
    }
}
