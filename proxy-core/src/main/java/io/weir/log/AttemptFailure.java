package io.weir.log;

import io.weir.http.ProxyFailure;
import io.weir.http.RequestHead;
import io.weir.http.Text;

/**
 * A failed try at an upstream, when it happens.
 *
 * @param request the client's request
 * @param site name of the site; "" for the default one
 * @param route the route, as it describes itself
 * @param pool name of the pool
 * @param upstream URL of the upstream
 * @param failure what went wrong
 * @param consequence what follows: {@code next http://…}, {@code answered 502}, {@code aborted}
 */
public record AttemptFailure(
        RequestHead request,
        String site,
        String route,
        String pool,
        String upstream,
        ProxyFailure failure,
        String consequence) {

    /** The line for an error log, complete by itself. */
    public String line() {
        return failure.error().token() + ": " + Text.printable(failure.detail()) + "; upstream " + upstream + " of \""
                + pool + "\", " + request + ", site \"" + site + "\", route \"" + route + "\"; " + consequence;
    }
}
