package io.weir;

import io.weir.body.Buffering;
import io.weir.http.ProxyError;
import io.weir.http.Reply;
import io.weir.http.ResponseHead;
import io.weir.route.WebSocketPolicy;

/** What the engine has to do after a report. It performs it as it is; all choosing has been done. */
public sealed interface Decision {
    /** Has the matching method of {@code performer} called, if there is anything to do. */
    void performBy(Performer performer);

    /** The engine, as far as decisions go. */
    interface Performer {
        /** Sends the request to the attempt's upstream. */
        void forward(Attempt attempt);

        /** Sends a reply of the proxy's own; a running attempt is given up. */
        void answer(Reply reply);

        /** Waits until {@code until} (monotonic ns; {@code Long.MAX_VALUE}: no timer) or a wake-up, then reports resumed. */
        void pause(long until);

        /** Sends an interim head to the client. */
        void relay(ResponseHead head);

        /** Reads the request's body whole, if it has one, then reports it collected. */
        void collect(Buffering buffering);

        /** Sends the upstream's head to the client, its body after it, buffered if that is on. */
        void deliver(ResponseHead head, Buffering buffering);

        /** Sends the upstream's 101 to the client; from then on passes bytes both ways, whatever they mean. */
        void switchTo(ResponseHead head);

        /**
         * Sends the upstream's 101 to the client, with what RFC 6455 §4.2.2 has to be added; from then on passes messages
         * both ways under that policy.
         */
        void bridge(ResponseHead head, WebSocketPolicy policy);

        /** Breaks the exchange off, so that the client can see it; a running attempt is given up. */
        void abort(ProxyError error);
    }

    /** See {@link Performer#forward}. */
    record Forward(Attempt attempt) implements Decision {
        @Override
        public void performBy(Performer performer) {
            performer.forward(attempt);
        }
    }

    /** See {@link Performer#answer}. */
    record Answer(Reply reply) implements Decision {
        @Override
        public void performBy(Performer performer) {
            performer.answer(reply);
        }
    }

    /** See {@link Performer#pause}. */
    record Pause(long until) implements Decision {
        @Override
        public void performBy(Performer performer) {
            performer.pause(until);
        }
    }

    /** See {@link Performer#relay}. */
    record Relay(ResponseHead head) implements Decision {
        @Override
        public void performBy(Performer performer) {
            performer.relay(head);
        }
    }

    /** See {@link Performer#collect}. */
    record Collect(Buffering buffering) implements Decision {
        @Override
        public void performBy(Performer performer) {
            performer.collect(buffering);
        }
    }

    /** See {@link Performer#deliver}. */
    record Deliver(ResponseHead head, Buffering buffering) implements Decision {
        /** Without buffering. */
        public Deliver(ResponseHead head) {
            this(head, Buffering.off());
        }

        @Override
        public void performBy(Performer performer) {
            performer.deliver(head, buffering);
        }
    }

    /** See {@link Performer#switchTo}. */
    record Switch(ResponseHead head) implements Decision {
        @Override
        public void performBy(Performer performer) {
            performer.switchTo(head);
        }
    }

    /** See {@link Performer#bridge}. */
    record Bridge(ResponseHead head, WebSocketPolicy policy) implements Decision {
        @Override
        public void performBy(Performer performer) {
            performer.bridge(head, policy);
        }
    }

    /** See {@link Performer#abort}. */
    record Abort(ProxyError error) implements Decision {
        @Override
        public void performBy(Performer performer) {
            performer.abort(error);
        }
    }

    /** There is nothing to do: an interim head that this client does not get, or a report that came too late. */
    record Nothing() implements Decision {
        static final Nothing INSTANCE = new Nothing();

        @Override
        public void performBy(Performer performer) {}
    }
}
