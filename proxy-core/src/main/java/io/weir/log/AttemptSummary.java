package io.weir.log;

import io.weir.http.ProxyError;
import io.weir.http.ResponseHead;
import org.jspecify.annotations.Nullable;

/**
 * One try at one upstream.
 *
 * @param upstream its URL
 * @param head the head it answered with, as it sent it; null if it sent none
 * @param connectNanos until there was a connection, 0 if there was one before; −1 if there never was one
 * @param headNanos until its head had come; −1 if it never did
 * @param totalNanos until its last byte, or its failure
 * @param error how it failed, or null
 */
public record AttemptSummary(
        String upstream,
        @Nullable ResponseHead head,
        long connectNanos,
        long headNanos,
        long totalNanos,
        @Nullable ProxyError error) {

    /** The status it answered with; 0 if it sent none. */
    public int status() {
        return head == null ? 0 : head.status();
    }
}
