package io.weir.upstream;

import io.weir.http.Headers;
import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import io.weir.http.Variables;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** One run of a {@link Simulation}: moments in order of time, at each of which something happens. */
final class SimulationRun {
    private record Moment(long at, long order, Runnable happening) {}

    private final Simulation simulation;
    private final PoolState state;
    private final PriorityQueue<Moment> moments =
            new PriorityQueue<>(Comparator.comparingLong(Moment::at).thenComparingLong(Moment::order));
    private final Map<String, Integer> answered = new LinkedHashMap<>();
    private final Map<String, Integer> failed = new LinkedHashMap<>();
    private int refused;
    private long now;
    private long order;

    SimulationRun(Simulation simulation) {
        this.simulation = simulation;
        state = new PoolState(simulation.pool, null, new SplittableRandom(simulation.seed));
    }

    Simulation.Result result() {
        simulation.pool.upstreams().forEach(upstream -> answered.put(upstream.url(), 0));
        Client[] clients = new Client[simulation.clients];
        for (int i = 0; i < simulation.requests; i++) {
            int who = i % clients.length;
            if (clients[who] == null) {
                clients[who] = new Client(who);
            }
            at(i * simulation.every.toNanos(), new Request(clients[who])::choose);
        }
        for (Moment next = moments.poll(); next != null; next = moments.poll()) {
            now = next.at;
            next.happening.run();
            state.wakeWaiting();
        }
        String title = simulation.requests + " requests of " + clients.length
                + (clients.length == 1 ? " client" : " clients") + ", one each " + simulation.every;
        return new Simulation.Result(title, answered, failed, refused);
    }

    private void at(long moment, Runnable happening) {
        moments.add(new Moment(moment, order++, happening));
    }

    /** One request on its way. */
    private final class Request {
        private final Client client;
        private final PoolState.Tried tried = new PoolState.Tried();
        private int tries;
        private @Nullable Ticket ticket;

        Request(Client client) {
            this.client = client;
        }

        void choose() {
            UpstreamState upstream = state.acquire(tried, now, client);
            if (upstream != null) {
                send(upstream);
                return;
            }
            ticket = state.lineUp(tried, now, client, this::woken);
            if (ticket == null) {
                refused++;
            } else {
                at(ticket.until(), this::giveUp);
            }
        }

        private void woken() {
            UpstreamState upstream = ticket == null ? null : ticket.take();
            ticket = null;
            if (upstream != null) {
                send(upstream);
            }
        }

        private void giveUp() {
            if (ticket != null) {
                ticket.cancel(now);
                ticket = null;
                refused++;
            }
        }

        private void send(UpstreamState upstream) {
            tries++;
            String url = upstream.upstream().url();
            if (simulation.isFailing(url, now)) {
                fail(upstream);
                return;
            }
            answered.merge(url, 1, Integer::sum);
            long startedAt = now;
            at(now + simulation.nanosOf(url), () -> end(upstream, now - startedAt));
        }

        private void fail(UpstreamState upstream) {
            failed.merge(upstream.upstream().url(), 1, Integer::sum);
            state.release(upstream, PoolState.Verdict.BAD, now);
            tried.add(upstream);
            UpstreamPool pool = simulation.pool;
            if (pool.retry().allowsAnother(tries, pool.upstreams().size())) {
                choose();
            } else {
                refused++;
            }
        }

        private void end(UpstreamState upstream, long nanos) {
            ResponseHead head = ResponseHead.of(200);
            state.answered(upstream, head, nanos);
            client.receives(state.keepSession(upstream, client, head, now));
            state.release(upstream, PoolState.Verdict.GOOD, now);
        }
    }

    /** Somebody in a network of its own, who sends back what session it was given. */
    private final class Client implements Variables {
        private final String address;
        private RequestHead request = RequestHead.get("/", "simulated.test");

        Client(int number) {
            address = "10." + (number >> 8) + "." + (number & 0xFF) + ".1";
        }

        void receives(ResponseHead head) {
            String cookie = head.header("Set-Cookie");
            if (cookie != null) {
                request = request.withHeader("Cookie", cookie.substring(0, cookie.indexOf(';')));
            }
            Headers fields = head.headers();
            String name = simulation.pool.stickiness().name();
            String session = name.isEmpty() ? null : fields.get(name);
            if (session != null) {
                request = request.withHeader(name, session);
            }
        }

        @Override
        public RequestHead request() {
            return request;
        }

        @Override
        public String clientAddress() {
            return address;
        }

        @Override
        public String forwardedFor() {
            return address;
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
        public @Nullable String attribute(String name) {
            return null;
        }
    }
}
