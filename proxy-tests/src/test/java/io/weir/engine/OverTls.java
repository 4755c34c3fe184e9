package io.weir.engine;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Runs the tests of a class once more, with clients that speak TLS: what holds in the clear holds there, too. */
interface OverTls {
    @BeforeEach
    default void useTls() {
        Edge.overTls(true);
    }

    @AfterEach
    default void useItNoMore() {
        Edge.overTls(false);
    }
}
