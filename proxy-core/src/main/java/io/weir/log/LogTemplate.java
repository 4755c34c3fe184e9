package io.weir.log;

import io.weir.http.Text;
import io.weir.json.JsonWriter;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** nginx's {@code log_format}: text with variables, parsed once. */
final class LogTemplate implements AccessLogFormat {
    private static final Pattern VARIABLE = Pattern.compile("\\$(?:\\{(\\w+)}|(\\w+))?");

    /** A piece of a line. */
    private interface Part {
        void write(ExchangeSummary exchange, StringBuilder line);
    }

    private final List<Part> parts;

    private LogTemplate(List<Part> parts) {
        this.parts = parts;
    }

    /**
     * Reads a format.
     *
     * @param zone the zone of times
     * @throws IllegalArgumentException for an unknown variable, a {@code $} that starts none, or a control character
     */
    static LogTemplate parse(String text, AccessLog.Escape escape, ZoneId zone) {
        if (text.chars().anyMatch(c -> c < ' ' && c != '\t')) {
            throw new IllegalArgumentException("access log format \"" + Text.escape(text)
                    + "\": a control character would tear lines (expected: one line; its end is added)");
        }
        LogVariables variables = new LogVariables(zone);
        List<Part> parts = new ArrayList<>();
        Matcher matcher = VARIABLE.matcher(text);
        int at = 0;
        while (matcher.find()) {
            literal(text.substring(at, matcher.start()), parts);
            String name = matcher.group(1) != null ? matcher.group(1) : matcher.group(2);
            if (name == null) {
                throw new IllegalArgumentException("access log format \"" + Text.escape(text) + "\": \"$\" at "
                        + matcher.start() + " starts no variable (expected: $name or ${name})");
            }
            Function<ExchangeSummary, @Nullable String> variable = variables.named(name);
            parts.add((exchange, line) -> escape(variable.apply(exchange), escape, line));
            at = matcher.end();
        }
        literal(text.substring(at), parts);
        return new LogTemplate(List.copyOf(parts));
    }

    @Override
    public String format(ExchangeSummary exchange) {
        StringBuilder line = new StringBuilder(256);
        for (int i = 0; i < parts.size(); i++) {
            parts.get(i).write(exchange, line);
        }
        return line.toString();
    }

    private static void literal(String text, List<Part> parts) {
        if (!text.isEmpty()) {
            parts.add((exchange, line) -> line.append(text));
        }
    }

    private static void escape(@Nullable String value, AccessLog.Escape escape, StringBuilder line) {
        if (escape == AccessLog.Escape.JSON) {
            JsonWriter.escape(value == null ? "" : value, line);
        } else {
            line.append(value == null ? "-" : Text.escape(value));
        }
    }
}
