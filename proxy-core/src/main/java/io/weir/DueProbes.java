package io.weir;

import java.util.List;

/**
 * What {@link ReverseProxy#due} answers.
 *
 * @param probes to be sent now
 * @param askAgain nanoseconds from now after which to ask again; −1: not before another configuration comes into force
 */
public record DueProbes(List<Probe> probes, long askAgain) {
    /** Keeps a copy. */
    public DueProbes {
        probes = List.copyOf(probes);
    }
}
