package io.weir.bars;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.weir.chaos.Chaos;
import io.weir.chaos.Illness;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.LoggerFactory;

/**
 * Upstreams die, stand still, are slow and are restarted, one at a time, under steady load: each of 10,000 GETs gets a
 * complete 200, and no POST reaches two upstreams.
 */
public final class ChaosBar {
    private static final int GETS = 10_000;
    private static final int KILLS = 10;

    private ChaosBar() {}

    public static void main(String[] arguments) {
        ((Logger) LoggerFactory.getLogger("io.weir")).setLevel(Level.ERROR);
        Bar.run(Duration.ofMinutes(5), ChaosBar::isReached);
    }

    private static boolean isReached() {
        List<Illness> illnesses = new ArrayList<>();
        for (int i = 0; i < KILLS; i++) {
            illnesses.add(Illness.KILLED);
            illnesses.add(
                    List.of(Illness.PAUSED, Illness.SLOWED, Illness.RESTARTED).get(i % 3));
        }
        long start = System.nanoTime();
        Chaos.Result result = Chaos.run(GETS, illnesses);
        result.flaws().stream().limit(20).forEach(System.out::println);
        Table table = new Table("Chaos", "measured", "at most");
        table.row("seconds", (System.nanoTime() - start) / 1e9);
        table.row("illnesses, " + KILLS + " of them kills", illnesses.size());
        table.row("GETs", result.gets());
        table.row("GETs without a complete 200", result.flaws().size(), 0);
        table.row("POSTs", result.posts().size());
        table.row(
                "POSTs answered with 200",
                result.posts().values().stream().filter(status -> status == 200).count());
        table.row("POSTs that reached upstreams twice", result.doubles(), 0);
        table.row("POSTs answered with neither 200, 502 nor 504", result.oddPosts(), 0);
        table.row("POSTs answered with 200 that reached nobody", result.lostPosts(), 0);
        table.print();
        return table.isReached();
    }
}
