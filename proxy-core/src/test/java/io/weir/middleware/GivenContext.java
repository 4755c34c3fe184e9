package io.weir.middleware;

import io.weir.http.IpRange;
import io.weir.http.Outcome;
import io.weir.http.Peer;
import io.weir.http.RequestHead;
import io.weir.http.Variables;
import java.net.InetAddress;
import java.nio.file.Path;
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
        long now,
        Map<String, String> attributes,
        List<Consumer<Outcome>> hooks,
        List<Runnable> work,
        Map<Path, WatchedFile> files)
        implements RequestContext, Variables {

    static GivenContext of(RequestHead original, String client) {
        return at(original, client, 0);
    }

    static GivenContext at(RequestHead original, String client, long now) {
        return new GivenContext(
                original,
                IpRange.parseAddress(client),
                now,
                new HashMap<>(),
                new ArrayList<>(),
                new ArrayList<>(),
                new HashMap<>());
    }

    @Override
    public Variables variables() {
        return this;
    }

    @Override
    public WatchedFile file(Path path) {
        return files.getOrDefault(path, WatchedFile.unreadable());
    }

    @Override
    public RequestHead request() {
        return original;
    }

    @Override
    public String forwardedFor() {
        return clientAddress();
    }

    @Override
    public String siteName() {
        return "";
    }

    @Override
    public String upstreamAuthority() {
        return "";
    }

    @Override
    public String requestId() {
        return "";
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
