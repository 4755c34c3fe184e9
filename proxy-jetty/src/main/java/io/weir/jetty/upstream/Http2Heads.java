package io.weir.jetty.upstream;

import io.weir.UpstreamRequest;
import io.weir.header.HopByHopHeaders;
import io.weir.http.Headers;
import io.weir.http.ResponseHead;
import java.util.Locale;
import org.eclipse.jetty.http.HostPortHttpField;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.http.MetaData;
import org.jspecify.annotations.Nullable;

/** Heads as HTTP/2 has them: Host is {@code :authority}, and nothing speaks of the connection (RFC 9113 §8.2.2). */
final class Http2Heads {
    /** An entry counts as more than its bytes (RFC 9113 §6.5.2). */
    private static final int OVERHEAD = 32;

    private Http2Heads() {}

    /** A head is larger than allowed. */
    static final class TooLarge extends IllegalArgumentException {
        private static final long serialVersionUID = 1L;

        TooLarge(int limit) {
            super("the upstream's head is larger than " + limit);
        }
    }

    static MetaData.Request request(UpstreamRequest attempt, BodyIntake body) {
        Headers sent = attempt.headers();
        HttpFields.Mutable fields = HttpFields.build(sent.size() + 1);
        String host = null;
        for (int i = 0; i < sent.size(); i++) {
            String name = sent.name(i).toLowerCase(Locale.ROOT);
            if (name.equals("host")) {
                host = sent.value(i);
            } else if (name.equals("te")) {
                fields.add(name, "trailers");
            } else if (!name.equals("content-length") && !HopByHopHeaders.isHopByHop(name)) {
                fields.add(name, sent.value(i));
            }
        }
        if (body.length() >= 0) {
            fields.add("content-length", Long.toString(body.length()));
        }
        String authority = host == null ? attempt.upstream().upstream().authority() : host;
        return new MetaData.Request(
                attempt.method(),
                attempt.upstream().upstream().url().startsWith("https:") ? "https" : "http",
                new HostPortHttpField(authority),
                attempt.target(),
                HttpVersion.HTTP_2,
                fields,
                -1);
    }

    /** @throws IllegalArgumentException if it could not be passed on */
    static ResponseHead response(MetaData.Response response, int limit) {
        Headers.Builder fields = Headers.builder();
        long size = 0;
        for (HttpField field : response.getHttpFields()) {
            String value = field.getValue() == null ? "" : field.getValue();
            size += field.getName().length() + value.length() + OVERHEAD;
            if (size > limit) {
                throw new TooLarge(limit);
            }
            fields.add(field.getName(), value);
        }
        int status = response.getStatus();
        if (status < 200 || status == 204) {
            fields.remove("Content-Length"); // RFC 9110 §8.6: it must not be there, and says nothing
        }
        ResponseHead head = new ResponseHead(status, fields.build());
        length(head);
        return head;
    }

    /** What its Content-Length says; −1 if it has none. */
    static long length(ResponseHead head) {
        String value = head.header("Content-Length");
        if (value == null) {
            return -1;
        }
        if (value.isEmpty() || value.length() > 18 || !value.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw new IllegalArgumentException("Content-Length: " + value);
        }
        return Long.parseLong(value);
    }

    /** Those that may stand there; null if none does. */
    static @Nullable HttpFields trailers(HttpFields all) {
        HttpFields.Mutable kept = HttpFields.build();
        all.forEach(field -> {
            if (TrailerFields.mayHold(field.getName())) {
                kept.add(field);
            }
        });
        return kept.size() == 0 ? null : kept.asImmutable();
    }
}
