package io.weir.testkit;

import java.io.IOException;

/** A message that ended too early or breaks RFC 9112; its text says where. */
final class Flaw extends IOException {

    private static final long serialVersionUID = 1L;

    Flaw(String message) {
        super(message);
    }
}
