package io.weir.http;

import org.jspecify.annotations.Nullable;

/**
 * How an attempt at an upstream failed: what a retry decision needs.
 *
 * @param error what went wrong
 * @param phase how far the attempt had come
 * @param bytesSent whether any byte of the request was handed to the kernel
 * @param bodyLost whether bytes of the request's body were taken from the client and are kept nowhere
 * @param connectionReused whether the connection had served a request before
 * @param detail what an operator should read, such as the clock with its value or the cause; no secret
 * @param cause the exception behind it, or null
 */
public record ProxyFailure(
        ProxyError error,
        Phase phase,
        boolean bytesSent,
        boolean bodyLost,
        boolean connectionReused,
        String detail,
        @Nullable Throwable cause) {

    /** How far an attempt had come. */
    public enum Phase {
        /** There was no connection yet. */
        CONNECT,
        /** The request was being sent, or its answer awaited. */
        HEAD,
        /** The head had been delivered. */
        BODY
    }

    /** A failure to get a connection: nothing was sent. */
    public static ProxyFailure connecting(ProxyError error, String detail, @Nullable Throwable cause) {
        return new ProxyFailure(error, Phase.CONNECT, false, false, false, detail, cause);
    }

    /** An answer that was given up because of its status. */
    public static ProxyFailure unwanted(int status) {
        String detail = "the upstream answered " + status;
        return new ProxyFailure(ProxyError.RESPONSE_UNWANTED, Phase.HEAD, true, false, false, detail, null);
    }

    /**
     * Whether this is a kept connection that the upstream had closed meanwhile: reused, and gone without one byte of an
     * answer. It says nothing about the upstream's health.
     */
    public boolean isStaleConnection() {
        return connectionReused && phase == Phase.HEAD && error == ProxyError.CONNECTION_TERMINATED;
    }
}
