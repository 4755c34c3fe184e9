package io.weir;

import io.weir.upstream.HealthTransition;
import java.util.List;
import java.util.function.Consumer;

/** Those who are told what happens. One that throws is reported and does not keep the others from hearing. */
final class Listeners {
    private final Engine engine;
    private final List<ProxyListener> listeners;

    Listeners(Engine engine, List<ProxyListener> listeners) {
        this.engine = engine;
        this.listeners = listeners;
    }

    /** An upstream was taken out, or is back. */
    void tell(HealthTransition transition) {
        if (transition.isEjection()) {
            tell(listener -> listener.upstreamEjected(transition));
        } else {
            tell(listener -> listener.upstreamReturned(transition));
        }
    }

    void tell(Consumer<ProxyListener> news) {
        for (int i = 0; i < listeners.size(); i++) {
            ProxyListener listener = listeners.get(i);
            try {
                news.accept(listener);
            } catch (RuntimeException e) {
                engine.userCodeFailed("listener " + listener.getClass().getName(), e);
            }
        }
    }
}
