package io.weir.route;

import io.weir.body.Buffering;
import io.weir.body.BufferingPolicy;
import io.weir.body.Compression;
import io.weir.body.Limits;
import io.weir.body.RequestTransform;
import io.weir.body.ResponseTransform;
import io.weir.header.HeaderPolicy;
import io.weir.header.Upgrades;
import io.weir.http.Headers;
import io.weir.http.IpRange;
import io.weir.http.Reply;
import io.weir.http.RequestPath;
import io.weir.http.Template;
import io.weir.middleware.Middleware;
import io.weir.upstream.Timeouts;
import io.weir.upstream.UpstreamPool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Requests of one kind and what becomes of them (nginx {@code location} with its {@code proxy_pass}). Matching follows
 * nginx: {@link #exact}, else the longest {@link #prefix}, unless the first {@link #regex} that is found in the path
 * comes between. Paths are compared with the normalised path, see {@link io.weir.http.RequestPath}.
 *
 * <p>A route is a finished value: {@link Draft#to}, {@link Draft#answer} or {@link Draft#redirect} end its draft.
 */
public final class Route {
    private final RouteMatch match;
    private final RouteAction action;
    private final HeaderPolicy headers;
    private final Timeouts timeouts;
    private final List<Middleware> middleware;
    private final @Nullable Long maxRequestBody;
    private final ResponseMapping mapping;
    private final boolean rewritten;
    private final Upgrades upgrades;
    private final @Nullable Duration eventComments;
    private final List<RequestTransform> requestTransforms;
    private final List<ResponseTransform> responseTransforms;
    private final @Nullable Compression compression;
    private final BufferingPolicy buffering;
    private final @Nullable WebSocketPolicy webSocket;

    private Route(Draft draft, RouteAction action) {
        match = draft.match();
        this.action = action;
        headers = draft.headers;
        timeouts = draft.timeouts;
        middleware = List.copyOf(draft.middleware);
        maxRequestBody = draft.maxRequestBody;
        mapping = draft.mapping;
        rewritten = draft.rewrite != null;
        upgrades = draft.upgrades;
        eventComments = draft.eventComments;
        requestTransforms = List.copyOf(draft.requestTransforms);
        responseTransforms = List.copyOf(draft.responseTransforms);
        compression = draft.compression;
        buffering = draft.buffering;
        webSocket = draft.webSocket;
    }

    /** Requests whose path starts with {@code prefix} (nginx {@code location /prefix}); the longest prefix wins. */
    public static Draft prefix(String prefix) {
        return new Draft(RouteMatch.Kind.PREFIX, prefix);
    }

    /** Requests whose path is exactly that (nginx {@code location = /path}); it wins over all others. */
    public static Draft exact(String path) {
        return new Draft(RouteMatch.Kind.EXACT, path);
    }

    /**
     * Requests in whose path the regular expression is found, anywhere unless it is anchored (nginx {@code location ~});
     * {@code (?i)} ignores case ({@code ~*}). The first in order wins, over prefixes not marked {@code overRegex}.
     */
    public static Draft regex(String regex) {
        return new Draft(RouteMatch.Kind.REGEX, regex);
    }

    /** All requests that no other route serves (nginx {@code location /}). */
    public static Draft any() {
        return prefix("/");
    }

    RouteMatch match() {
        return match;
    }

    /** What it does with a request. */
    public RouteAction action() {
        return action;
    }

    /** Its own field policy, to stand below the site's. */
    public HeaderPolicy headers() {
        return headers;
    }

    /** Its own clocks, to stand below the site's. */
    public Timeouts timeouts() {
        return timeouts;
    }

    /** Its own middleware, to run after the site's. */
    public List<Middleware> middleware() {
        return middleware;
    }

    /** To which protocols it lets connections be switched. */
    public Upgrades upgrades() {
        return upgrades;
    }

    /** How long an event stream's upstream may be silent until Weir sends a comment; null: for ever. */
    public @Nullable Duration eventComments() {
        return eventComments;
    }

    /** What is done to bodies of requests, in order. */
    public List<RequestTransform> requestTransforms() {
        return requestTransforms;
    }

    /** What is done to bodies of responses, in order. */
    public List<ResponseTransform> responseTransforms() {
        return responseTransforms;
    }

    /** Its own compression of responses; null: its site's. */
    public @Nullable Compression compression() {
        return compression;
    }

    /** What it says of buffering, to stand below what the site says. */
    public BufferingPolicy buffering() {
        return buffering;
    }

    /** What is watched over in its WebSockets; null: nothing, their bytes pass as they are. */
    public @Nullable WebSocketPolicy webSocket() {
        return webSocket;
    }

    /** These limits with the route's own in place. */
    public Limits limits(Limits above) {
        return maxRequestBody == null ? above : above.withRequestBody(maxRequestBody);
    }

    /**
     * Maps redirects and cookies of an upstream's response back to the client's view.
     *
     * @param headers the response's fields
     * @param upstreamUrl URL of the upstream, without path
     * @param hostSent the {@code Host} that it was sent
     * @param publicAuthority the authority that the client asked for, or null
     */
    public Headers mapBack(Headers headers, String upstreamUrl, String hostSent, @Nullable String publicAuthority) {
        String replacement = action instanceof RouteAction.Proxy proxy
                        && proxy.rewrite() instanceof PathRewrite.ReplacePrefix replace
                ? replace.replacement()
                : null;
        String prefix = RequestPath.escape(match.path());
        return mapping.map(
                headers, new ResponseMapping.Way(upstreamUrl, hostSent, publicAuthority, prefix, replacement));
    }

    /** What it sets beside match, action, fields, clocks and middleware, by name and in words. */
    public Map<String, String> settings() {
        Map<String, String> settings = new LinkedHashMap<>();
        if (maxRequestBody != null) {
            settings.put("maxRequestBody", maxRequestBody + " bytes");
        }
        if (!mapping.toString().isEmpty()) {
            settings.put("mapping", mapping.toString());
        }
        if (action instanceof RouteAction.Proxy
                && !upgrades.toString().equals(Upgrades.websocket().toString())) {
            settings.put("upgrades", upgrades.toString());
        }
        if (eventComments != null) {
            settings.put("eventComments", eventComments.toString());
        }
        buffering.describe(settings::put);
        if (compression != null) {
            settings.put("compress", compression.toString());
        }
        if (!requestTransforms.isEmpty()) {
            settings.put("transformRequest", requestTransforms.size() + " in order");
        }
        if (!responseTransforms.isEmpty()) {
            settings.put("transformResponse", responseTransforms.size() + " in order");
        }
        if (webSocket != null) {
            settings.put("webSocket", webSocket.toString());
        }
        return settings;
    }

    /** Problems of the route by itself, each with its cure; empty if there are none. */
    List<String> problems() {
        List<String> problems = new ArrayList<>();
        if (!(action instanceof RouteAction.Proxy proxy)) {
            if (rewritten) {
                problems.add("it does not proxy, so there is no path to rewrite; drop the rewrite or use to(pool)");
            }
            if (!requestTransforms.isEmpty() || !responseTransforms.isEmpty() || compression != null) {
                problems.add(
                        "it does not proxy, so there is no body to transform or compress; drop that or use to(pool)");
            }
            return problems;
        }
        boolean regex = match.kind() == RouteMatch.Kind.REGEX;
        if (rewritten && proxy.pool().path() != null) {
            problems.add("the upstream URLs of pool \"" + proxy.pool().name()
                    + "\" have a path, which replaces the prefix already; drop the path or the route's rewrite");
        }
        if (regex && proxy.rewrite() instanceof PathRewrite.ReplacePrefix) {
            problems.add("a regular expression has no prefix to replace; use rewrite(..), fixedPath(..), or upstream"
                    + " URLs without a path");
        }
        return problems;
    }

    /** What it matches, as logs show it: {@code prefix /api/}. */
    @Override
    public String toString() {
        return match.toString();
    }

    /** A route that does not say yet what it does. */
    public static final class Draft {
        private final RouteMatch.Kind kind;
        private final String path;
        private final List<Condition> conditions = new ArrayList<>();
        private final List<Middleware> middleware = new ArrayList<>();
        private boolean overRegex;
        private HeaderPolicy headers = HeaderPolicy.inherit();
        private Timeouts timeouts = Timeouts.inherit();
        private @Nullable Long maxRequestBody;
        private ResponseMapping mapping = ResponseMapping.defaults();
        private @Nullable PathRewrite rewrite;
        private Upgrades upgrades = Upgrades.websocket();
        private @Nullable Duration eventComments;
        private final List<RequestTransform> requestTransforms = new ArrayList<>();
        private final List<ResponseTransform> responseTransforms = new ArrayList<>();
        private @Nullable Compression compression;
        private BufferingPolicy buffering = BufferingPolicy.inherit();
        private @Nullable WebSocketPolicy webSocket;

        private Draft(RouteMatch.Kind kind, String path) {
            this.kind = kind;
            this.path = path;
            match(); // refuses a bad path at once
        }

        /** Regular expressions are not looked at where this prefix is the longest (nginx {@code ^~}). */
        public Draft overRegex() {
            if (kind != RouteMatch.Kind.PREFIX) {
                throw new IllegalArgumentException("overRegex: only a prefix route can go before regular expressions");
            }
            overRegex = true;
            return this;
        }

        /** Only these methods. */
        public Draft method(String... methods) {
            conditions.add(new Condition.Method(List.of(methods)));
            return this;
        }

        /** Only where that field is there. */
        public Draft header(String name) {
            conditions.add(new Condition.Header(name, null));
            return this;
        }

        /** Only where a line of that field has exactly that value. */
        public Draft header(String name, String value) {
            conditions.add(new Condition.Header(name, value));
            return this;
        }

        /** Only where the query has that argument. */
        public Draft query(String name) {
            conditions.add(new Condition.Query(name, null));
            return this;
        }

        /** Only where that argument has exactly that raw value. */
        public Draft query(String name, String value) {
            conditions.add(new Condition.Query(name, value));
            return this;
        }

        /** Only clients in these ranges, after trusted proxies. */
        public Draft client(String... ranges) {
            List<IpRange> parsed = new ArrayList<>();
            for (String range : ranges) {
                parsed.add(IpRange.parse(range));
            }
            conditions.add(new Condition.Client(List.copyOf(parsed)));
            return this;
        }

        /** One more middleware, after those that are there. */
        public Draft use(Middleware middleware) {
            this.middleware.add(middleware);
            return this;
        }

        /** A ready field policy. */
        public Draft headers(HeaderPolicy headers) {
            this.headers = headers;
            return this;
        }

        /** A field policy made in place. */
        public Draft headers(Consumer<HeaderPolicy.Builder> edits) {
            headers = headers.edited(edits);
            return this;
        }

        /** Ready clocks. */
        public Draft timeouts(Timeouts timeouts) {
            this.timeouts = timeouts;
            return this;
        }

        /** Clocks made in place. */
        public Draft timeouts(Consumer<Timeouts.Builder> clocks) {
            Timeouts.Builder builder = Timeouts.builder();
            clocks.accept(builder);
            timeouts = builder.build().below(timeouts);
            return this;
        }

        /** Bytes of a request body at most; 413 beyond (nginx {@code client_max_body_size}). */
        public Draft maxRequestBody(long bytes) {
            maxRequestBody = Limits.defaults().withRequestBody(bytes).requestBody();
            return this;
        }

        /**
         * Sends a comment ({@code :}) into a {@code text/event-stream} whenever its upstream has been silent for that long, so
         * that nobody between Weir and the client takes the connection for dead. Only between two events, and never into a
         * stream that is encoded or whose length is said. The {@code read} clock runs on meanwhile.
         */
        public Draft eventComments(Duration silence) {
            if (silence.compareTo(Duration.ofMillis(1)) < 0) {
                throw new IllegalArgumentException("eventComments: " + silence + " (expected: >= 1 ms)");
            }
            eventComments = silence;
            return this;
        }

        /**
         * Transforms bodies of requests on their way to the upstream, after those that were named before. One that is changed
         * goes out without {@code Content-Length} and digests. Each attempt gets a transformer of its own.
         */
        public Draft transformRequest(RequestTransform transform) {
            requestTransforms.add(transform);
            return this;
        }

        /**
         * Transforms bodies of responses on their way to the client, after those that were named before. One that is changed
         * goes out without {@code Content-Length}, digests and {@code Accept-Ranges}, its {@code ETag} is weak. Parts of bodies
         * (206) pass as they are.
         */
        public Draft transformResponse(ResponseTransform transform) {
            responseTransforms.add(transform);
            return this;
        }

        /** Compresses responses, after transforms; takes the place of what site and proxy say. */
        public Draft compress(Compression compression) {
            this.compression = compression;
            return this;
        }

        /** Whether responses are buffered (nginx {@code proxy_buffering}); what the site says if not said here. */
        public Draft buffering(Buffering responses) {
            buffering = buffering.withResponses(responses);
            return this;
        }

        /** Whether requests are buffered (nginx {@code proxy_request_buffering}); what the site says if not said here. */
        public Draft requestBuffering(Buffering requests) {
            buffering = buffering.withRequests(requests);
            return this;
        }

        /** How redirects and cookies of the upstream are mapped back. */
        public Draft mapping(UnaryOperator<ResponseMapping> mapping) {
            this.mapping = mapping.apply(this.mapping);
            return this;
        }

        /** Lets no connection be switched to another protocol; without this {@code websocket} passes. */
        public Draft noUpgrade() {
            upgrades = Upgrades.none();
            return this;
        }

        /** Lets connections be switched to these protocols and no others; {@code h2c} can't be one. */
        public Draft upgrades(String... protocols) {
            upgrades = Upgrades.of(protocols);
            return this;
        }

        /** A ready policy for WebSockets: they are watched over frame by frame. Without one their bytes pass as they are. */
        public Draft webSocket(WebSocketPolicy policy) {
            webSocket = policy;
            return this;
        }

        /** A policy for WebSockets made in place. */
        public Draft webSocket(Consumer<WebSocketPolicy.Builder> settings) {
            WebSocketPolicy.Builder builder = WebSocketPolicy.builder();
            settings.accept(builder);
            return webSocket(builder.build());
        }

        /** Puts {@code replacement} in place of the matched prefix (nginx {@code proxy_pass} with a URI). */
        public Draft replacePrefix(String replacement) {
            return rewrite(PathRewrite.replacePrefix(replacement));
        }

        /** Replaces the path by {@code replacement} with {@code $1} … where the pattern is found (nginx {@code rewrite}). */
        public Draft rewrite(String pattern, String replacement) {
            return rewrite(PathRewrite.regex(pattern, replacement));
        }

        /** Puts that path in place of every path. */
        public Draft fixedPath(String path) {
            return rewrite(PathRewrite.fixedPath(path));
        }

        /** Passes requests to that pool. */
        public Route to(UpstreamPool pool) {
            String path = pool.path();
            PathRewrite decided =
                    rewrite != null ? rewrite : path != null ? new PathRewrite.ReplacePrefix(path) : PathRewrite.none();
            return new Route(this, new RouteAction.Proxy(pool, decided));
        }

        /** Answers requests. */
        public Route answer(Reply reply) {
            return new Route(this, new RouteAction.Answer(reply));
        }

        /**
         * Redirects requests; variables allowed.
         *
         * @param status 301, 302, 303, 307 or 308
         */
        public Route redirect(int status, String location) {
            if (status != 301 && status != 302 && status != 303 && status != 307 && status != 308) {
                throw new IllegalArgumentException("redirect: " + status + " (expected: 301, 302, 303, 307 or 308)");
            }
            Headers.of("Location", location); // refuses what could split the message
            return new Route(this, new RouteAction.Redirect(status, Template.parse(location)));
        }

        private Draft rewrite(PathRewrite rewrite) {
            this.rewrite = rewrite;
            return this;
        }

        private RouteMatch match() {
            return new RouteMatch(kind, path, overRegex, conditions);
        }
    }
}
