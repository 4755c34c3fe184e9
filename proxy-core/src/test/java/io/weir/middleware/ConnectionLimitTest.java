package io.weir.middleware;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.weir.http.Outcome;
import io.weir.http.RequestHead;
import org.junit.jupiter.api.Test;

class ConnectionLimitTest {
    private final RequestHead request = RequestHead.get("/", "h");

    @Test
    void soManyRunAtOnceAndAnEndMakesRoom() {
        ConnectionLimit limit = ConnectionLimit.of(2);
        GivenContext first = client("192.0.2.1");

        assertThat(limit.onRequest(request, first)).isInstanceOf(Verdict.Proceed.class);
        assertThat(limit.onRequest(request, client("192.0.2.1"))).isInstanceOf(Verdict.Proceed.class);
        assertThat(status(limit, "192.0.2.1")).isEqualTo(503);
        assertThat(status(limit, "192.0.2.2")).isZero();
        end(first);
        assertThat(status(limit, "192.0.2.1")).isZero();
        assertThat(status(limit, "192.0.2.1")).isEqualTo(503);
    }

    @Test
    void whatWasRefusedTakesAndGivesNothing() {
        ConnectionLimit limit = ConnectionLimit.of(1);
        GivenContext refused = client("192.0.2.1");
        GivenContext running = client("192.0.2.1");
        limit.onRequest(request, running);

        limit.onRequest(request, refused);

        assertThat(refused.hooks()).isEmpty();
        assertThat(refused.attribute("limit_conn_status")).isEqualTo("REJECTED");
        assertThat(running.attribute("limit_conn_status")).isEqualTo("PASSED");
    }

    @Test
    void aKeyWithoutExchangesIsNotKept() {
        ConnectionLimit limit = ConnectionLimit.of(1);
        GivenContext one = client("192.0.2.1");
        limit.onRequest(request, one);
        assertThat(limit.keys()).isEqualTo(1);

        end(one);

        assertThat(limit.keys()).isZero();
    }

    @Test
    void anyTemplateIsAKeyAndNoKeyIsNoLimit() {
        ConnectionLimit limit = ConnectionLimit.of(1).by("$http_x_tenant").status(429);
        RequestHead tenant = request.withHeader("X-Tenant", "a");

        assertThat(limit.onRequest(tenant, GivenContext.of(tenant, "192.0.2.1")))
                .isInstanceOf(Verdict.Proceed.class);
        assertThat(Verdicts.status(limit, tenant, GivenContext.of(tenant, "192.0.2.2")))
                .isEqualTo(429);
        for (int i = 0; i < 3; i++) {
            assertThat(status(limit, "192.0.2.1")).isZero();
        }
        assertThat(limit.keys()).isEqualTo(1);
    }

    @Test
    void clientsOfOneNetworkCountTogether() {
        ConnectionLimit limit = ConnectionLimit.of(1);

        assertThat(status(limit, "2001:db8::1")).isZero();
        assertThat(status(limit, "2001:db8::2")).isEqualTo(503);
        assertThat(status(limit.ipv6Prefix(128), "2001:db8::2")).isZero();
    }

    @Test
    void aDryRunLetsPass() {
        ConnectionLimit limit = ConnectionLimit.of(1).dryRun();
        limit.onRequest(request, client("192.0.2.1"));
        GivenContext second = client("192.0.2.1");

        assertThat(limit.onRequest(request, second)).isInstanceOf(Verdict.Proceed.class);
        assertThat(second.attribute("limit_conn_status")).isEqualTo("REJECTED_DRY_RUN");
        assertThat(second.hooks()).isEmpty();
    }

    @Test
    void peekingCountsNothing() {
        ConnectionLimit limit = ConnectionLimit.of(1);
        GivenContext context = client("192.0.2.1");

        assertThat(limit.peek(request, context)).isInstanceOf(Verdict.Proceed.class);
        assertThat(status(limit, "192.0.2.1")).isZero();
        assertThat(limit.peek(request, context)).isInstanceOf(Verdict.Answer.class);
        assertThat(limit.peek(request, client("192.0.2.2"))).isInstanceOf(Verdict.Proceed.class);
    }

    @Test
    void senselessValuesAreRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> ConnectionLimit.of(0));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ConnectionLimit.of(1).status(302));
    }

    @Test
    void itTellsAllThatIsSet() {
        assertThat(ConnectionLimit.of(3)).hasToString("ConnectionLimit[3 by $remote_addr]");
        assertThat(ConnectionLimit.of(3).by("$host").status(429).dryRun())
                .hasToString("ConnectionLimit[3 by $host, status 429, dry run]");
    }

    private int status(ConnectionLimit limit, String client) {
        return Verdicts.status(limit, request, client(client));
    }

    private GivenContext client(String address) {
        return GivenContext.of(request, address);
    }

    private static void end(GivenContext context) {
        context.hooks().forEach(hook -> hook.accept(new Outcome(200, 0, null, "")));
    }
}
