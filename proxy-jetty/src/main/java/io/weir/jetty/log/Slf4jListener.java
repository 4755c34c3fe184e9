package io.weir.jetty.log;

import io.weir.ProxyListener;
import io.weir.http.Outcome;
import io.weir.http.ProxyError;
import io.weir.http.Text;
import io.weir.log.AttemptFailure;
import io.weir.log.ExchangeSummary;
import io.weir.upstream.HealthTransition;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes one access line an exchange, by default in the combined format, to {@code io.weir.access} at INFO; each failure to
 * {@code io.weir.error.<site>}, the default site's to {@code io.weir.error.default}: what upstreams or Weir do wrong at
 * WARN, what clients do wrong at DEBUG.
 */
public final class Slf4jListener implements ProxyListener {
    private static final Logger UPSTREAM = LoggerFactory.getLogger("io.weir.upstream");

    private final AccessLogs access;
    private final Map<String, Logger> errors = new ConcurrentHashMap<>();

    /** Access lines go where those logs say. */
    public Slf4jListener(AccessLogs access) {
        this.access = access;
    }

    @Override
    public void exchangeFinished(ExchangeSummary exchange) {
        tellOfError(exchange);
        access.write(exchange);
    }

    private void tellOfError(ExchangeSummary exchange) {
        Outcome outcome = exchange.outcome();
        ProxyError error = outcome.error();
        if (error == null) {
            return;
        }
        Logger logger = errorLogger(exchange.site());
        boolean quiet = exchange.isToldByAttempt() || error.side() == ProxyError.Side.CLIENT;
        if (quiet ? logger.isDebugEnabled() : logger.isWarnEnabled()) {
            String line = error.token() + ": " + Text.printable(outcome.detail()) + "; client "
                    + exchange.clientAddress()
                    + ", " + exchange.request() + ", site \"" + exchange.site() + "\", route \"" + exchange.route()
                    + "\"; " + outcome.status();
            if (quiet) {
                logger.debug("{}", line);
            } else {
                logger.warn("{}", line);
            }
        }
    }

    @Override
    public void attemptFailed(AttemptFailure failure) {
        errorLogger(failure.site()).warn("{}", failure.line());
    }

    @Override
    public void upstreamEjected(HealthTransition transition) {
        UPSTREAM.warn("{}", Text.printable(transition.line()));
    }

    @Override
    public void upstreamReturned(HealthTransition transition) {
        UPSTREAM.warn("{}", Text.printable(transition.line()));
    }

    private Logger errorLogger(String site) {
        return errors.computeIfAbsent(
                site, name -> LoggerFactory.getLogger("io.weir.error." + (name.isEmpty() ? "default" : name)));
    }
}
