package io.weir.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.ProxyFailure.Phase;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ProxyErrorTest {
    @ParameterizedTest
    @CsvSource({
        "CONNECTION_REFUSED,        UPSTREAM, 502, connection_refused,                false",
        "DESTINATION_UNREACHABLE,   UPSTREAM, 502, destination_ip_unroutable,         false",
        "DNS_ERROR,                 UPSTREAM, 502, dns_error,                         false",
        "CONNECTION_TIMEOUT,        UPSTREAM, 504, connection_timeout,                false",
        "CONNECTION_WRITE_TIMEOUT,  UPSTREAM, 504, connection_write_timeout,          false",
        "CONNECTION_READ_TIMEOUT,   UPSTREAM, 504, connection_read_timeout,           false",
        "TLS_CERTIFICATE_ERROR,     UPSTREAM, 502, tls_certificate_error,             false",
        "TLS_ALERT_RECEIVED,        UPSTREAM, 502, tls_alert_received,                false",
        "TLS_PROTOCOL_ERROR,        UPSTREAM, 502, tls_protocol_error,                false",
        "RESPONSE_TIMEOUT,          UPSTREAM, 504, http_response_timeout,             false",
        "CONNECTION_TERMINATED,     UPSTREAM, 502, connection_terminated,             false",
        "RESPONSE_INCOMPLETE,       UPSTREAM, 502, http_response_incomplete,          false",
        "PROTOCOL_ERROR,            UPSTREAM, 502, http_protocol_error,               false",
        "RESPONSE_HEAD_TOO_LARGE,   UPSTREAM, 502, http_response_header_section_size, false",
        "RESPONSE_BODY_TOO_LARGE,   UPSTREAM, 502, http_response_body_size,           false",
        "RESPONSE_CODING,           UPSTREAM, 502, http_response_content_coding,      false",
        "TRANSFORM_FAILED,          PROXY,    502, proxy_internal_error,              false",
        "UPGRADE_FAILED,            UPSTREAM, 502, http_upgrade_failed,               false",
        "UPSTREAM_UNAVAILABLE,      UPSTREAM, 502, destination_unavailable,           false",
        "CONNECTION_LIMIT,          PROXY,    503, connection_limit_reached,          false",
        "SHUTTING_DOWN,             PROXY,    503, proxy_internal_response,           false",
        "INTERNAL_ERROR,            PROXY,    500, proxy_internal_error,              false",
        "BAD_REQUEST,               CLIENT,   400, http_request_error,                true",
        "NO_ROUTE,                  CLIENT,   404, http_request_denied,               false",
        "METHOD_NOT_ALLOWED,        CLIENT,   405, http_request_error,                false",
        "REQUEST_TIMEOUT,           CLIENT,   408, http_request_error,                true",
        "BODY_TOO_LARGE,            CLIENT,   413, http_request_error,                true",
        "TARGET_TOO_LONG,           CLIENT,   414, http_request_error,                true",
        "MISDIRECTED,               CLIENT,   421, http_request_denied,               false",
        "HEAD_TOO_LARGE,            CLIENT,   431, http_request_error,                true",
        "CLIENT_SEND_TIMEOUT,       CLIENT,   499, connection_write_timeout,          true",
        "CLIENT_GONE,               CLIENT,   499, connection_terminated,             true",
    })
    void everyErrorHasOneSideOneStatusAndARegisteredName(
            ProxyError error, ProxyError.Side side, int status, String token, boolean closes) {
        assertThat(error.side()).isEqualTo(side);
        assertThat(error.status()).isEqualTo(status);
        assertThat(error.token()).isEqualTo(token);
        assertThat(error.closesConnection()).isEqualTo(closes);
    }

    @ParameterizedTest
    @EnumSource(ProxyError.class)
    void theStatusFollowsTheSide(ProxyError error) {
        switch (error.side()) {
            case CLIENT -> assertThat(error.status()).isBetween(400, 499);
            case UPSTREAM -> assertThat(error.status()).isIn(502, 504);
            case PROXY -> assertThat(error.status()).isIn(500, 502, 503);
        }
    }

    @Test
    void aReusedConnectionThatEndsBeforeAnAnswerIsStale() {
        assertThat(failure(ProxyError.CONNECTION_TERMINATED, Phase.HEAD, true).isStaleConnection())
                .isTrue();
        assertThat(failure(ProxyError.CONNECTION_TERMINATED, Phase.HEAD, false).isStaleConnection())
                .isFalse();
        assertThat(failure(ProxyError.CONNECTION_TERMINATED, Phase.BODY, true).isStaleConnection())
                .isFalse();
        assertThat(failure(ProxyError.CONNECTION_READ_TIMEOUT, Phase.HEAD, true).isStaleConnection())
                .isFalse();
    }

    @Test
    void nothingWasSentWhereNoConnectionWasMade() {
        ProxyFailure failure = ProxyFailure.connecting(ProxyError.CONNECTION_REFUSED, "refused", null);

        assertThat(failure.bytesSent()).isFalse();
        assertThat(failure.bodyLost()).isFalse();
        assertThat(failure.phase()).isEqualTo(Phase.CONNECT);
    }

    private static ProxyFailure failure(ProxyError error, Phase phase, boolean reused) {
        return new ProxyFailure(error, phase, true, false, reused, "", null);
    }
}
