package io.weir.body;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.http.ResponseHead;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** When a response is buffered, and with which sizes. */
class BufferingTest {

    @ParameterizedTest
    @CsvSource({
        "off,      ,    false",
        "off,      yes, false", // no sizes are known
        "off,      no,  false",
        "ifAsked,  ,    false",
        "ifAsked,  yes, true",
        "ifAsked,  YES, true",
        "ifAsked,  no,  false",
        "ifAsked,  1,   false",
        "on,       ,    true",
        "on,       yes, true",
        "on,       no,  false",
        "on,       No,  false",
        "on,       off, true", // nginx: neither yes nor no is nothing said
        "ignoring, no,  true",
        "ignoring, yes, true"
    })
    void theUpstreamDecidesWhereItMay(String given, String asked, boolean buffered) {
        Buffering buffering = switch (given) {
            case "off" -> Buffering.off();
            case "ifAsked" -> Buffering.ifAsked(10, 100);
            case "on" -> Buffering.on(10, 100);
            default -> Buffering.on(10, 100).ignoringUpstream();
        };
        ResponseHead head = asked == null ? ResponseHead.of(200) : ResponseHead.of(200, "X-Accel-Buffering", asked);

        Buffering decided = buffering.decide("GET", head);

        assertThat(decided.isOn()).isEqualTo(buffered);
        assertThat(decided.memory()).isEqualTo(buffered ? 10 : 0);
        assertThat(decided.file()).isEqualTo(buffered ? 100 : 0);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "GET  | 200 | text/event-stream                 | false",
                "GET  | 200 | Text/Event-Stream ; charset=utf-8 | false",
                "GET  | 200 | text/event-streams                | true",
                "GET  | 200 | application/x-ndjson              | true",
                "POST | 500 | text/plain                        | true",
                "HEAD | 200 | text/plain                        | false",
                "GET  | 204 | text/plain                        | false",
                "GET  | 304 | text/plain                        | false",
                "GET  | 101 | text/plain                        | false"
            })
    void eventStreamsTunnelsAndWhatHasNoBodyAreNotBuffered(String method, int status, String type, boolean buffered) {
        ResponseHead head = ResponseHead.of(status, "Content-Type", type, "X-Accel-Buffering", "yes");

        assertThat(Buffering.on(10, 100).decide(method, head).isOn()).isEqualTo(buffered);
        assertThat(Buffering.ifAsked(10, 100).decide(method, head).isOn()).isEqualTo(buffered);
    }

    @Test
    void theDirectoryIsKept() {
        Path there = Path.of("there");

        Buffering decided = Buffering.ifAsked(10, 100)
                .directory(there)
                .decide("GET", ResponseHead.of(200, "X-Accel-Buffering", "yes"));

        assertThat(decided.directory()).isEqualTo(there);
        assertThat(Buffering.on(1, 0).directory()).isNull();
    }

    @Test
    void senselessSizesAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Buffering.on(-1, 0))
                .withMessage("memoryBytes: -1 (expected: >= 0 bytes)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Buffering.ifAsked(1, -2))
                .withMessage("fileBytes: -2 (expected: >= 0 bytes)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Buffering.on(0, 0))
                .withMessageContaining("use Buffering.off()");
    }

    @Test
    void theCapacityDoesNotOverflow() {
        assertThat(Buffering.on(10, 100).capacity()).isEqualTo(110);
        assertThat(Buffering.on(10, Long.MAX_VALUE).capacity()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void eachDirectionIsInheritedForItself() {
        BufferingPolicy above =
                BufferingPolicy.inherit().withResponses(Buffering.on(1, 0)).withRequests(Buffering.on(2, 0));

        BufferingPolicy below =
                BufferingPolicy.inherit().withResponses(Buffering.off()).below(above);

        assertThat(below.ofResponses().isOn()).isFalse();
        assertThat(below.ofRequests().memory()).isEqualTo(2);
        assertThat(BufferingPolicy.inherit().ofResponses().isOn()).isFalse();
        assertThat(BufferingPolicy.inherit().ofRequests().isOn()).isFalse();
    }

    @Test
    void whatAnUpstreamWouldDecideIsNotForRequests() {
        assertThatThrownBy(() -> BufferingPolicy.inherit().withRequests(Buffering.ifAsked(1, 0)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("use Buffering.on(..) or Buffering.off()");
        assertThatThrownBy(() -> BufferingPolicy.inherit()
                        .withRequests(Buffering.on(1, 0).ignoringUpstream()))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
