package io.weir.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class SimulationTest {

    /** The example of its Javadoc, as it stands there. */
    @Test
    void itPrintsWhoGetsWhat() {
        UpstreamPool pool = UpstreamPool.named("app")
                .upstream("http://a", u -> u.weight(3))
                .upstream("http://b")
                .build();

        assertThat(Simulation.of(pool)
                        .requests(1000, 50)
                        .failing("http://a", Duration.ofSeconds(3), Duration.ofSeconds(6))
                        .run())
                .hasToString("1000 requests of 50 clients, one each PT0.01S\n"
                        + "http://a       225   22.5 %  failed 1\n"
                        + "http://b       775   77.5 %\n"
                        + "refused          0    0.0 %\n");
    }

    @Test
    void whatFindsNoUpstreamIsRefused() {
        Simulation.Result result = Simulation.of(UpstreamPool.of("app", "http://a", "http://b"))
                .failing("http://a", Duration.ZERO, Duration.ofSeconds(1))
                .failing("http://b", Duration.ZERO, Duration.ofSeconds(1))
                .requests(100, 1)
                .run();

        assertThat(result.refused()).isEqualTo(100);
        assertThat(result.failed()).containsEntry("http://a", 1).containsEntry("http://b", 1);
    }

    @Test
    void limitsAndTheQueueCountToo() {
        UpstreamPool.Builder pool = UpstreamPool.named("app").upstream("http://a", u -> u.maxConnections(1));
        Duration everyTwo = Duration.ofMillis(2);

        Simulation.Result hasty =
                Simulation.of(pool.build()).every(everyTwo).requests(10, 1).run();
        Simulation.Result patient = Simulation.of(
                        pool.queue(100, Duration.ofSeconds(1)).build())
                .every(everyTwo)
                .requests(10, 1)
                .run();
        Simulation.Result lessPatient = Simulation.of(
                        pool.queue(100, Duration.ofMillis(4)).build())
                .every(everyTwo)
                .requests(10, 1)
                .run();

        // 5 ms each, so that one of three arrives at the right time.
        assertThat(hasty.answered()).containsEntry("http://a", 4);
        assertThat(patient.refused()).isZero();
        assertThat(lessPatient.refused()).isBetween(1, 5);
    }

    @Test
    void clientsKeepTheirSessions() {
        UpstreamPool pool = UpstreamPool.named("app")
                .upstream("http://a")
                .upstream("http://b")
                .upstream("http://c")
                .stickiness(Stickiness.cookie("s"))
                .build();

        Simulation.Result result = Simulation.of(pool).requests(100, 1).run();

        assertThat(result.answered()).containsEntry("http://a", 100);
    }

    @Test
    void theSameSeedGivesTheSame() {
        UpstreamPool pool = UpstreamPool.named("app")
                .upstream("http://a")
                .upstream("http://b")
                .balancing(BalancingStrategy.random())
                .build();

        assertThat(Simulation.of(pool).seed(3).run())
                .isEqualTo(Simulation.of(pool).seed(3).run())
                .isNotEqualTo(Simulation.of(pool).seed(4).run());
    }

    @Test
    void anUpstreamThatIsNotInThePoolIsRefused() {
        Simulation simulation = Simulation.of(UpstreamPool.of("app", "http://a"));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> simulation.failing("http://b", Duration.ZERO, Duration.ZERO))
                .withMessage("simulation: \"http://b\" (expected: one of app[http://a])");
        assertThatIllegalArgumentException().isThrownBy(() -> simulation.requests(1, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> simulation.every(Duration.ofMillis(-1)));
    }
}
