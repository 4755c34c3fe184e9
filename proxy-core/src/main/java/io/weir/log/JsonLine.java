package io.weir.log;

import io.weir.http.ProxyError;
import io.weir.http.RequestHead;
import io.weir.json.JsonWriter;
import java.time.Instant;

/** An exchange as one JSON object. */
final class JsonLine implements AccessLogFormat {
    @Override
    public String format(ExchangeSummary exchange) {
        RequestHead request = exchange.request();
        ProxyError error = exchange.outcome().error();
        boolean known = !exchange.isUnreadable();
        JsonWriter json = JsonWriter.create().object();
        json.name("time").value(Instant.ofEpochMilli(exchange.endMillis()).toString());
        json.name("request_id").value(exchange.variables().requestId());
        json.name("remote_addr").value(exchange.clientAddress());
        json.name("remote_user").value(exchange.remoteUser());
        json.name("scheme").value(known ? request.scheme() : null);
        json.name("host").value(known ? request.authority() : null);
        json.name("method").value(known ? request.method() : null);
        json.name("uri").value(known ? request.rawTarget() : null);
        json.name("protocol").value(known ? request.protocol() : null);
        json.name("referer").value(request.header("Referer"));
        json.name("user_agent").value(request.header("User-Agent"));
        json.name("site").value(exchange.site());
        json.name("route").value(exchange.route());
        json.name("status").value(exchange.outcome().status());
        json.name("request_length").value(exchange.requestLength());
        json.name("bytes_sent").value(exchange.bytesSent());
        json.name("body_bytes_sent").value(exchange.outcome().bodyBytes());
        json.name("request_time").seconds(exchange.nanos());
        json.name("error").value(error == null ? null : error.token());
        json.name("upstreams").array();
        exchange.attempts().forEach(attempt -> write(attempt, json));
        return json.endArray().endObject().toString();
    }

    private static void write(AttemptSummary attempt, JsonWriter json) {
        ProxyError error = attempt.error();
        json.object();
        json.name("addr").value(LogVariables.addressOf(attempt.upstream()));
        json.name("status");
        if (attempt.status() > 0) {
            json.value(attempt.status());
        } else {
            json.value(null);
        }
        json.name("connect_time").seconds(attempt.connectNanos());
        json.name("header_time").seconds(attempt.headNanos());
        json.name("response_time").seconds(attempt.totalNanos());
        json.name("error").value(error == null ? null : error.token());
        json.endObject();
    }
}
