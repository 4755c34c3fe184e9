package io.weir.middleware;

import io.weir.http.IpRange;
import io.weir.http.Reply;
import io.weir.http.RequestHead;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Lets clients in by their address, after trusted proxies; the first rule that matches decides, as in nginx's
 * {@code allow} and {@code deny}. Others get 403.
 *
 * <p>A rule is an address or a CIDR block; an IPv4-mapped IPv6 address counts as the IPv4 address in it, on either side.
 * {@code unix:} stands for clients on unix-domain sockets, which no block holds. There is no {@code all}: what follows
 * such a line would never be looked at, so {@link Rules#denyOthers} and {@link Rules#allowOthers} stand at the end.
 *
 * <pre>{@code IpAccess.allow("192.168.1.0/24").deny("10.1.0.0/16").allow("10.0.0.0/8").denyOthers()}</pre>
 */
public final class IpAccess implements Middleware {
    private final List<Rule> rules;
    private final boolean othersAllowed;

    private IpAccess(List<Rule> rules, boolean othersAllowed) {
        this.rules = List.copyOf(rules);
        this.othersAllowed = othersAllowed;
    }

    /** Starts with clients that are let in: addresses, CIDR blocks, or {@code unix:}. */
    public static Rules allow(String... ranges) {
        return new Rules(List.of()).allow(ranges);
    }

    /** Starts with clients that are refused. */
    public static Rules deny(String... ranges) {
        return new Rules(List.of()).deny(ranges);
    }

    @Override
    public Verdict onRequest(RequestHead request, RequestContext context) {
        return allows(context.client()) ? Verdict.proceed(request) : Verdict.answer(Reply.status(403));
    }

    @Override
    public Verdict peek(RequestHead request, RequestContext context) {
        return onRequest(request, context);
    }

    /** Whether a client with that address is let in; null stands for one on a unix-domain socket. */
    public boolean allows(@Nullable InetAddress client) {
        for (Rule rule : rules) {
            if (rule.matches(client)) {
                return rule.allowed;
            }
        }
        return othersAllowed;
    }

    @Override
    public String name() {
        return "IpAccess";
    }

    @Override
    public String toString() {
        return "IpAccess" + rules + (othersAllowed ? " allow others" : " deny others");
    }

    /** One line: a range, or null for unix-domain sockets. */
    private record Rule(boolean allowed, @Nullable IpRange range) {
        boolean matches(@Nullable InetAddress client) {
            return range == null ? client == null : client != null && range.contains(client);
        }

        @Override
        public String toString() {
            return (allowed ? "allow " : "deny ") + (range == null ? "unix:" : range);
        }
    }

    /** Rules under construction, ended by {@link #denyOthers} or {@link #allowOthers}. Each step gives a new value. */
    public static final class Rules {
        private final List<Rule> rules;

        private Rules(List<Rule> rules) {
            this.rules = rules;
        }

        /** Then these are let in. */
        public Rules allow(String... ranges) {
            return plus(true, ranges);
        }

        /** Then these are refused. */
        public Rules deny(String... ranges) {
            return plus(false, ranges);
        }

        /** Everybody else is refused. */
        public IpAccess denyOthers() {
            return new IpAccess(rules, false);
        }

        /** Everybody else is let in. */
        public IpAccess allowOthers() {
            return new IpAccess(rules, true);
        }

        private Rules plus(boolean allowed, String... ranges) {
            List<Rule> more = new ArrayList<>(rules);
            for (String range : ranges) {
                more.add(new Rule(allowed, range.equals("unix:") ? null : IpRange.parse(range)));
            }
            return new Rules(more);
        }
    }
}
