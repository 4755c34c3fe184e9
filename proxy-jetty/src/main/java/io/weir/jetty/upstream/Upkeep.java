package io.weir.jetty.upstream;

import io.weir.DueProbes;
import io.weir.ReverseProxy;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.util.component.LifeCycle;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/**
 * What upstreams are sent without a request: the probes that the core asks for, when it asks for them, and connections
 * opened ahead. One timer for all pools, and none while no pool is probed. Nothing here blocks. It begins once its server
 * has started, for only then is there a selector for connections, and ends when the server begins to stop.
 */
public final class Upkeep implements LifeCycle.Listener {
    private final ReverseProxy proxy;
    private final UpstreamTransport transport;
    private final Scheduler scheduler;
    private final Executor executor;
    private final Set<ProbeRun> running = ConcurrentHashMap.newKeySet();
    private Scheduler.@Nullable Task timer;
    private boolean open;

    /** One that does nothing before {@link #start}. */
    public Upkeep(ReverseProxy proxy, UpstreamTransport transport, Scheduler scheduler, Executor executor) {
        this.proxy = proxy;
        this.transport = transport;
        this.scheduler = scheduler;
        this.executor = executor;
    }

    /** From now on. */
    public void start() {
        synchronized (this) {
            open = true;
        }
        ask();
    }

    @Override
    public void lifeCycleStarted(LifeCycle server) {
        start();
    }

    @Override
    public void lifeCycleStopping(LifeCycle server) {
        close();
    }

    /** Asks the core what is due, now and from now on. To be called when another configuration has come into force. */
    public void ask() {
        DueProbes due;
        synchronized (this) {
            if (!open) {
                return;
            }
            due = proxy.due(System.nanoTime());
            if (timer != null) {
                timer.cancel();
            }
            timer = due.askAgain() < 0
                    ? null
                    : scheduler.schedule(
                            () -> executor.execute(this::ask), Math.max(1, due.askAgain()), TimeUnit.NANOSECONDS);
        }
        proxy.warmUps().forEach(transport::warmUp);
        due.probes().forEach(probe -> start(new ProbeRun(probe, running::remove)));
    }

    private void start(ProbeRun run) {
        synchronized (this) {
            if (!open) {
                return;
            }
            running.add(run);
        }
        run.start(transport, scheduler, executor);
    }

    /** Gives up the probes that run, whose results nobody hears of, and sends no more. */
    public void close() {
        synchronized (this) {
            open = false;
            if (timer != null) {
                timer.cancel();
                timer = null;
            }
        }
        running.forEach(ProbeRun::cancel);
    }
}
