package io.weir.jetty.tls;

import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.util.component.AbstractLifeCycle;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/** Has a listener's files looked at from time to time, on the executor, while it is started. */
public final class TlsWatch extends AbstractLifeCycle implements Runnable {
    private final ServerTls tls;
    private final Scheduler scheduler;
    private final Executor executor;
    private volatile Scheduler.@Nullable Task next;

    public TlsWatch(ServerTls tls, Scheduler scheduler, Executor executor) {
        this.tls = tls;
        this.scheduler = scheduler;
        this.executor = executor;
    }

    @Override
    public void run() {
        try {
            tls.poll();
        } finally {
            schedule();
        }
    }

    @Override
    protected void doStart() {
        schedule();
    }

    @Override
    protected void doStop() {
        Scheduler.Task pending = next;
        if (pending != null) {
            pending.cancel();
        }
    }

    private void schedule() {
        long interval = tls.settings().reloadInterval().toMillis();
        if (interval > 0 && (isStarting() || isRunning())) {
            next = scheduler.schedule(() -> executor.execute(this), interval, TimeUnit.MILLISECONDS);
        }
    }
}
