package io.weir.http;

import org.jspecify.annotations.Nullable;

/**
 * How an exchange ended, as far as the client's side knows.
 *
 * @param status the status that was sent, or the error's if none could be sent (499: the client was gone)
 * @param bodyBytes bytes of body sent to the client
 * @param error what went wrong, or null if all went well
 * @param detail more about the error for an operator; "" if there is nothing to say
 */
public record Outcome(int status, long bodyBytes, @Nullable ProxyError error, String detail) {}
