package io.weir.middleware;

import io.weir.http.IpRange;
import io.weir.http.Outcome;
import io.weir.http.Peer;
import io.weir.http.RequestHead;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A context that a test gives; its executor keeps work until {@link #work} runs. */
record GivenContext(
        RequestHead original,
        @Nullable InetAddress client,
        Map<String, String> attributes,
        List<Consumer<Outcome>> hooks,
        List<Runnable> work)
        implements RequestContext {

    static GivenContext of(RequestHead original, String client) {
        return new GivenContext(
                original, IpRange.parseAddress(client), new HashMap<>(), new ArrayList<>(), new ArrayList<>());
    }

    @Override
    public Peer peer() {
        return original.peer();
    }

    @Override
    public String clientAddress() {
        return new Peer(client, 0).host();
    }

    @Override
    public long now() {
        return 0;
    }

    @Override
    public @Nullable String attribute(String name) {
        return attributes.get(name);
    }

    @Override
    public void attribute(String name, String value) {
        attributes.put(name, value);
    }

    @Override
    public void onEnd(Consumer<Outcome> hook) {
        hooks.add(hook);
    }

    @Override
    public Executor executor() {
        return work::add;
    }
}
