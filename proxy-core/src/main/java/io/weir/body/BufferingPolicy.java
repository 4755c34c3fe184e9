package io.weir.body;

import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What a proxy, a site or a route says about buffering, each direction for itself. What is not said takes the value of the
 * level above, at last {@link Buffering#off}. Immutable.
 *
 * @param responses for responses; null: as above
 * @param requests for requests; null: as above
 */
public record BufferingPolicy(
        @Nullable Buffering responses, @Nullable Buffering requests) {
    private static final BufferingPolicy INHERIT = new BufferingPolicy(null, null);

    /** Refuses for requests what only an upstream could decide. */
    public BufferingPolicy {
        if (requests != null && requests.dependsOnSender()) {
            throw new IllegalArgumentException(
                    "requestBuffering: no upstream has a say in it; use Buffering.on(..) or Buffering.off()");
        }
    }

    /** Says nothing. */
    public static BufferingPolicy inherit() {
        return INHERIT;
    }

    /** The same with that for responses. */
    public BufferingPolicy withResponses(Buffering responses) {
        return new BufferingPolicy(responses, requests);
    }

    /** The same with that for requests. */
    public BufferingPolicy withRequests(Buffering requests) {
        return new BufferingPolicy(responses, requests);
    }

    /** This with gaps filled from the level above. */
    public BufferingPolicy below(BufferingPolicy above) {
        return new BufferingPolicy(
                responses == null ? above.responses : responses, requests == null ? above.requests : requests);
    }

    /** Tells what it says, each thing by its name. */
    public void describe(BiConsumer<String, String> named) {
        if (responses != null) {
            named.accept("buffering", responses.toString());
        }
        if (requests != null) {
            named.accept("requestBuffering", requests.toString());
        }
    }

    /** For responses, gaps filled with the default. */
    public Buffering ofResponses() {
        return responses == null ? Buffering.off() : responses;
    }

    /** For requests, gaps filled with the default. */
    public Buffering ofRequests() {
        return requests == null ? Buffering.off() : requests;
    }
}
