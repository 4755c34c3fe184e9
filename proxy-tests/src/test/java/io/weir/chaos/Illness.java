package io.weir.chaos;

/** What befalls an upstream, and how it gets well again. */
public enum Illness {
    /** It is killed, and started again. */
    KILLED {
        @Override
        void befall(UpstreamProcess upstream) {
            upstream.kill();
        }

        @Override
        void end(UpstreamProcess upstream) {
            upstream.start();
        }
    },
    /** It stands still, and goes on. */
    PAUSED {
        @Override
        void befall(UpstreamProcess upstream) {
            upstream.pause();
        }

        @Override
        void end(UpstreamProcess upstream) {
            upstream.unpause();
        }
    },
    /** It answers later than the read clock allows, and in time again. */
    SLOWED {
        @Override
        void befall(UpstreamProcess upstream) {
            upstream.slow(true);
        }

        @Override
        void end(UpstreamProcess upstream) {
            upstream.slow(false);
        }
    },
    /** It is asked to end, and started again. */
    RESTARTED {
        @Override
        void befall(UpstreamProcess upstream) {
            upstream.terminate();
        }

        @Override
        void end(UpstreamProcess upstream) {
            upstream.start();
        }
    };

    abstract void befall(UpstreamProcess upstream);

    abstract void end(UpstreamProcess upstream);
}
