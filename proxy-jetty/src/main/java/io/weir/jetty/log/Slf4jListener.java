package io.weir.jetty.log;

import io.weir.ProxyListener;
import io.weir.http.Outcome;
import io.weir.http.ProxyError;
import io.weir.http.Text;
import io.weir.log.AccessLogFormat;
import io.weir.log.AttemptFailure;
import io.weir.log.ExchangeSummary;
import io.weir.upstream.HealthTransition;
import java.time.ZoneId;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes one access line an exchange, in the combined format, to {@code io.weir.access} at INFO; each failure to
 * {@code io.weir.error.<site>}, the default site's to {@code io.weir.error.default}: what upstreams or Weir do wrong at
 * WARN, what clients do wrong at DEBUG.
 */
public final class Slf4jListener implements ProxyListener {
    private static final Logger ACCESS = LoggerFactory.getLogger("io.weir.access");
    private static final Logger UPSTREAM = LoggerFactory.getLogger("io.weir.upstream");

    private final AccessLogFormat format = AccessLogFormat.combined(ZoneId.systemDefault());
    private final Map<String, Logger> errors = new ConcurrentHashMap<>();

    /** Uses the loggers named above. */
    public Slf4jListener() {}

    @Override
    public void exchangeFinished(ExchangeSummary exchange) {
        if (ACCESS.isInfoEnabled()) {
            ACCESS.info(format.format(exchange));
        }
        Outcome outcome = exchange.outcome();
        ProxyError error = outcome.error();
        if (error == null) {
            return;
        }
        Logger logger = errorLogger(exchange.site());
        boolean told = error.side() == ProxyError.Side.UPSTREAM
                && !exchange.attempts().isEmpty()
                && error != ProxyError.RESPONSE_TIMEOUT
                && error != ProxyError.RESPONSE_BODY_TOO_LARGE
                && error != ProxyError.RESPONSE_CODING; // by attemptFailed
        boolean quiet = told || error.side() == ProxyError.Side.CLIENT;
        if (quiet ? logger.isDebugEnabled() : logger.isWarnEnabled()) {
            String line = error.token() + ": " + Text.printable(outcome.detail()) + "; client "
                    + exchange.clientAddress()
                    + ", " + exchange.request() + ", site \"" + exchange.site() + "\", route \"" + exchange.route()
                    + "\"; " + outcome.status();
            if (quiet) {
                logger.debug(line);
            } else {
                logger.warn(line);
            }
        }
    }

    @Override
    public void attemptFailed(AttemptFailure failure) {
        errorLogger(failure.site()).warn(failure.line());
    }

    @Override
    public void upstreamEjected(HealthTransition transition) {
        UPSTREAM.warn(Text.printable(transition.line()));
    }

    @Override
    public void upstreamReturned(HealthTransition transition) {
        UPSTREAM.warn(Text.printable(transition.line()));
    }

    private Logger errorLogger(String site) {
        return errors.computeIfAbsent(
                site, name -> LoggerFactory.getLogger("io.weir.error." + (name.isEmpty() ? "default" : name)));
    }
}
