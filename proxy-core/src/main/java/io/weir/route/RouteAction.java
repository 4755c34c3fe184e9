package io.weir.route;

import io.weir.http.Reply;
import io.weir.http.Template;
import io.weir.upstream.UpstreamPool;

/** What a route does with a request. */
public sealed interface RouteAction {
    /** Passes it to an upstream of that pool. */
    record Proxy(UpstreamPool pool, PathRewrite rewrite) implements RouteAction {
        @Override
        public String toString() {
            return "to pool " + pool.name() + ", " + rewrite;
        }
    }

    /** Answers it. */
    record Answer(Reply reply) implements RouteAction {
        @Override
        public String toString() {
            return "answer " + reply;
        }
    }

    /** Redirects it to where the template says. */
    record Redirect(int status, Template location) implements RouteAction {
        @Override
        public String toString() {
            return "redirect " + status + " to " + location;
        }
    }
}
