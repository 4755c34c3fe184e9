package io.weir.chaos;

import io.weir.ProxyListener;
import io.weir.testkit.Await;
import io.weir.upstream.HealthTransition;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** What a pool reports of who is out and who is back. */
final class PoolHealth implements ProxyListener {
    private final Set<String> out = ConcurrentHashMap.newKeySet();

    @Override
    public void upstreamEjected(HealthTransition transition) {
        out.add(transition.upstream().upstream().url());
    }

    @Override
    public void upstreamReturned(HealthTransition transition) {
        out.remove(transition.upstream().upstream().url());
    }

    void awaitOut(String url) {
        Await.until(() -> url + " is taken out; out: " + out, () -> out.contains(url));
    }

    void awaitNoneOut() {
        Await.until(() -> "all are back; out: " + out, out::isEmpty);
    }
}
