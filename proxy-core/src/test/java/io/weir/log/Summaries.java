package io.weir.log;

import io.weir.http.Outcome;
import io.weir.http.ResponseHead;
import io.weir.http.Traffic;
import io.weir.http.Variables;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Exchanges that have ended, for logs to speak of: at site "site", route "route", pool "app". */
final class Summaries {
    private Summaries() {}

    /** One that came to no upstream. */
    static ExchangeSummary of(Variables variables, Outcome outcome, long startMillis, long nanos) {
        return of(variables, outcome, null, Traffic.ofBody(outcome.bodyBytes()), startMillis, nanos);
    }

    static ExchangeSummary of(
            Variables variables,
            Outcome outcome,
            @Nullable ResponseHead sent,
            Traffic traffic,
            long startMillis,
            long nanos,
            AttemptSummary... attempts) {
        return new ExchangeSummary(
                variables,
                "site",
                "route",
                "app",
                List.of(attempts),
                outcome,
                sent,
                traffic,
                false,
                AccessLog.combined(),
                startMillis,
                nanos,
                null);
    }
}
