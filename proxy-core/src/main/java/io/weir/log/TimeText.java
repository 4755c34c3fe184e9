package io.weir.log;

import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Times as text, to the second: within one it is made once. */
final class TimeText {
    private record Second(long number, String text) {}

    private final DateTimeFormatter formatter;
    private volatile Second latest = new Second(Long.MIN_VALUE, "");

    TimeText(String pattern, ZoneId zone) {
        formatter = DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH).withZone(zone);
    }

    String of(long millis) {
        long second = Math.floorDiv(millis, 1000);
        Second known = latest;
        if (known.number != second) {
            known = new Second(second, formatter.format(Instant.ofEpochSecond(second)));
            latest = known;
        }
        return known.text;
    }
}
