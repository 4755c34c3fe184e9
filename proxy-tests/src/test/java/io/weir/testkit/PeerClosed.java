package io.weir.testkit;

import java.io.IOException;

/** The proxy closed the connection that a script was about to use: the quiet end of that script. */
final class PeerClosed extends IOException {

    private static final long serialVersionUID = 1L;

    PeerClosed(String message) {
        super(message);
    }
}
