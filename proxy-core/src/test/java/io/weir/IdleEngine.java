package io.weir;

import java.util.concurrent.Executor;

/** An engine for questions only: no request comes as far as to need it. */
record IdleEngine(boolean isStandAlone) implements Engine {
    @Override
    public Executor executor() {
        return Runnable::run;
    }

    @Override
    public long random() {
        return 0;
    }

    @Override
    public void userCodeFailed(String what, Throwable failure) {
        throw new AssertionError(what, failure);
    }
}
