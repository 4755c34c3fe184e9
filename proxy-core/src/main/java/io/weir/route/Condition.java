package io.weir.route;

import io.weir.header.Forwarding;
import io.weir.http.Headers;
import io.weir.http.IpRange;
import io.weir.http.Queries;
import io.weir.http.RequestHead;
import io.weir.http.Secrets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a request must fulfil beside its path for a route to serve it. */
sealed interface Condition {
    /** Whether the request fulfils it. */
    boolean holds(RequestHead request, Forwarding forwarding);

    record Method(List<String> methods) implements Condition {
        public Method {
            if (methods.isEmpty()) {
                throw new IllegalArgumentException("method: none (expected: at least one)");
            }
        }

        @Override
        public boolean holds(RequestHead request, Forwarding forwarding) {
            return methods.contains(request.method());
        }

        @Override
        public String toString() {
            return "method " + String.join("|", methods);
        }
    }

    /** The field is there, with that value if one is given. */
    record Header(String name, @Nullable String value) implements Condition {
        public Header {
            Headers.of(name, value == null ? "" : value); // refuses what no field can be
        }

        @Override
        public boolean holds(RequestHead request, Forwarding forwarding) {
            return value == null
                    ? request.headers().contains(name)
                    : request.headers().all(name).contains(value);
        }

        @Override
        public String toString() {
            return "header " + name + (value == null ? "" : ": " + Secrets.shown(name, value));
        }
    }

    /** The argument is there, with that raw value if one is given. */
    record Query(String name, @Nullable String value) implements Condition {
        @Override
        public boolean holds(RequestHead request, Forwarding forwarding) {
            String found = Queries.first(request.query(), name);
            return value == null ? found != null || isFlag(request.query()) : value.equals(found);
        }

        /** Whether it stands there without a value. */
        private boolean isFlag(@Nullable String query) {
            return query != null && List.of(query.split("&")).contains(name);
        }

        @Override
        public String toString() {
            return "query " + name + (value == null ? "" : "=" + value);
        }
    }

    /** The client's address, after trusted proxies, lies in one of the ranges. */
    record Client(List<IpRange> ranges) implements Condition {
        public Client {
            if (ranges.isEmpty()) {
                throw new IllegalArgumentException("client: none (expected: at least one address or CIDR block)");
            }
        }

        @Override
        public boolean holds(RequestHead request, Forwarding forwarding) {
            var client = forwarding.client();
            return client != null && ranges.stream().anyMatch(range -> range.contains(client));
        }

        @Override
        public String toString() {
            return "client " + ranges;
        }
    }
}
