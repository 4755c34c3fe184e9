package io.weir.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One message of the corpus in {@code io/weir/hostile}, and what has to become of it. A file is a list of blocks of lines
 * {@code key: value}; in values {@code \r \n \t \0 \\} and {@code \xHH} are one byte each, {@code {H}} is a Host field, and
 * {@code {F}} stands for the fields that the proxy adds for that host.
 *
 * @param section under which it stands
 * @param name what is odd about it
 * @param send what the client sends
 * @param data over HTTP/2: the body; null for none
 * @param trailers over HTTP/2: fields after it; null for none
 * @param client what the client gets: statuses, then how it goes on
 * @param upstream what reaches upstreams, byte for byte
 */
record HostileMessage(
        String section,
        String name,
        String send,
        @Nullable String data,
        @Nullable String trailers,
        String client,
        String upstream) {

    private static final String HOST = "Host: a.test\r\n";
    private static final String FORWARDED =
            "X-Real-IP: 127.0.0.1\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a.test\r\n";

    /** All of one file. */
    static List<HostileMessage> of(String file) {
        List<HostileMessage> messages = new ArrayList<>();
        String section = "";
        for (String block : text(file).strip().split("\n\n+")) {
            if (block.startsWith("#")) {
                section = block.startsWith("## ") ? block.substring(3).strip() : section;
                continue;
            }
            Map<String, String> values = new HashMap<>();
            for (String line : block.strip().split("\n")) {
                int colon = line.indexOf(": ");
                values.put(line.substring(0, colon), line.substring(colon + 2));
            }
            messages.add(new HostileMessage(
                    section,
                    Objects.requireNonNull(values.get("case"), block),
                    bytes(Objects.requireNonNull(values.get("send"), block)),
                    values.containsKey("data") ? bytes(values.get("data")) : null,
                    values.containsKey("trailers") ? bytes(values.get("trailers")) : null,
                    values.getOrDefault("client", ""),
                    bytes(values.getOrDefault("upstream", ""))));
        }
        return messages;
    }

    /** What reached the upstreams is what should have. */
    void assertSeen(String seen) {
        if (!upstream.startsWith("part of ")) {
            assertThat(escaped(seen)).isEqualTo(escaped(upstream));
            return;
        }
        String[] parts = upstream.substring("part of ".length()).split(" then ", 2);
        String whole = parts.length == 2 ? parts[1] : "";
        assertThat(seen).endsWith(whole);
        assertThat(parts[0]).startsWith(seen.substring(0, seen.length() - whole.length()));
    }

    /** One char a byte. */
    static String bytes(String escaped) {
        StringBuilder bytes = new StringBuilder();
        for (int i = 0; i < escaped.length(); i++) {
            char c = escaped.charAt(i);
            if (c != '\\') {
                bytes.append(c);
                continue;
            }
            i++;
            switch (escaped.charAt(i)) {
                case 'r' -> bytes.append('\r');
                case 'n' -> bytes.append('\n');
                case 't' -> bytes.append('\t');
                case '0' -> bytes.append('\0');
                case '\\' -> bytes.append('\\');
                case 'x' -> {
                    bytes.append((char) Integer.parseInt(escaped.substring(i + 1, i + 3), 16));
                    i += 2;
                }
                default -> throw new IllegalArgumentException("\\" + escaped.charAt(i) + " in: " + escaped);
            }
        }
        return bytes.toString().replace("{H}", HOST).replace("{F}", FORWARDED);
    }

    /** The reverse of {@link #bytes}. */
    static String escaped(String bytes) {
        StringBuilder escaped = new StringBuilder();
        String shortened = bytes.replace(FORWARDED, "{F}").replace(HOST, "{H}");
        for (int i = 0; i < shortened.length(); i++) {
            char c = shortened.charAt(i);
            switch (c) {
                case '\r' -> escaped.append("\\r");
                case '\n' -> escaped.append("\\n");
                case '\t' -> escaped.append("\\t");
                case '\0' -> escaped.append("\\0");
                case '\\' -> escaped.append("\\\\");
                default -> escaped.append(c >= ' ' && c < 127 ? String.valueOf(c) : String.format("\\x%02x", (int) c));
            }
        }
        return escaped.toString();
    }

    @Override
    public String toString() {
        return section + ": " + name;
    }

    private static String text(String file) {
        try (InputStream in = HostileMessage.class.getResourceAsStream("/io/weir/hostile/" + file)) {
            return new String(Objects.requireNonNull(in, file).readAllBytes(), UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
