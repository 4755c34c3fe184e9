package io.weir.jetty.upstream;

import io.weir.http.IpRange;
import io.weir.upstream.AddressResolver;
import io.weir.upstream.Upstream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.eclipse.jetty.util.Promise;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The addresses of names, remembered. An answer older than 30 s is asked for again while it goes on being used, so that
 * only who asks first has to wait, or who asks again after five minutes in which nobody did.
 */
public final class Addresses {
    private static final Logger LOG = LoggerFactory.getLogger("io.weir.upstream");
    private static final long FRESH = TimeUnit.SECONDS.toNanos(30);
    private static final long OLD = TimeUnit.MINUTES.toNanos(5);

    private final AddressResolver resolver;
    private final LongSupplier clock;
    private final Map<String, Name> names = new ConcurrentHashMap<>();

    /** As that resolver says. */
    public Addresses(AddressResolver resolver) {
        this(resolver, System::nanoTime);
    }

    /** By a clock of the test's, in nanoseconds. */
    Addresses(AddressResolver resolver, LongSupplier clock) {
        this.resolver = resolver;
        this.clock = clock;
    }

    /** As the JDK says. */
    public static Addresses ofSystem() {
        return new Addresses(host -> List.of(InetAddress.getAllByName(host)));
    }

    /** Where that upstream is: its socket, or that port at its address or those of its name. */
    void of(Upstream upstream, int port, Executor workers, Promise<List<SocketAddress>> promise) {
        if (upstream.socket() != null) {
            promise.succeeded(List.of(UnixDomainSocketAddress.of(upstream.socket())));
            return;
        }
        InetAddress literal = IpRange.parseAddress(upstream.host());
        if (literal != null) {
            promise.succeeded(List.of(new InetSocketAddress(literal, port)));
            return;
        }
        find(
                upstream.host(),
                workers,
                Promise.from(
                        found -> promise.succeeded(found.stream()
                                .<SocketAddress>map(address -> new InetSocketAddress(address, port))
                                .toList()),
                        promise::failed));
    }

    /**
     * Gives the addresses of a name, each time beginning with the next one: at once where they are known, else from a
     * worker.
     */
    void find(String host, Executor workers, Promise<List<InetAddress>> promise) {
        names.computeIfAbsent(host, Name::new).find(workers, promise);
    }

    /** What is known of one name. */
    private final class Name {
        private final String host;
        private final List<Promise<List<InetAddress>>> waiting = new ArrayList<>();
        private List<InetAddress> known = List.of();
        private long askedAt;
        private boolean asking;
        private boolean failing;
        private int turn;

        private Name(String host) {
            this.host = host;
        }

        void find(Executor workers, Promise<List<InetAddress>> promise) {
            List<InetAddress> answer = null;
            boolean ask;
            synchronized (this) {
                long age = clock.getAsLong() - askedAt;
                ask = !asking && (known.isEmpty() || age >= FRESH);
                if (known.isEmpty() || (ask && age >= OLD)) {
                    waiting.add(promise);
                } else {
                    answer = inTurn();
                }
                asking |= ask;
            }
            if (ask) {
                try {
                    workers.execute(this::ask);
                } catch (RejectedExecutionException e) {
                    answered(List.of(), e);
                }
            }
            if (answer != null) {
                promise.succeeded(answer);
            }
        }

        private void ask() {
            List<InetAddress> found = List.of();
            Throwable problem = null;
            try {
                found = List.copyOf(resolver.resolve(host));
            } catch (UnknownHostException | RuntimeException | Error e) {
                problem = e;
            }
            answered(found, found.isEmpty() && problem == null ? new UnknownHostException(host) : problem);
        }

        private void answered(List<InetAddress> found, @Nullable Throwable problem) {
            List<Promise<List<InetAddress>>> told;
            List<List<InetAddress>> answers = new ArrayList<>();
            boolean begins;
            List<InetAddress> stale;
            synchronized (this) {
                asking = false;
                askedAt = clock.getAsLong();
                begins = problem != null && !failing;
                failing = problem != null;
                stale = known;
                if (problem == null) {
                    known = found;
                }
                told = List.copyOf(waiting);
                waiting.clear();
                if (!known.isEmpty()) {
                    told.forEach(promise -> answers.add(inTurn()));
                }
            }
            if (begins && !stale.isEmpty()) {
                LOG.warn("no address for \"{}\" ({}); still using {}", host, String.valueOf(problem), stale);
            }
            for (int i = 0; i < told.size(); i++) {
                if (answers.isEmpty()) {
                    told.get(i).failed(problem == null ? new UnknownHostException(host) : problem);
                } else {
                    told.get(i).succeeded(answers.get(i));
                }
            }
        }

        private List<InetAddress> inTurn() {
            if (known.size() == 1) {
                return known;
            }
            List<InetAddress> rotated = new ArrayList<>(known);
            Collections.rotate(rotated, -(turn++ % known.size()));
            turn %= known.size();
            return rotated;
        }
    }
}
