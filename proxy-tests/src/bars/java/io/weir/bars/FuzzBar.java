package io.weir.bars;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.weir.engine.Fuzz;
import java.time.Duration;
import java.util.List;
import org.slf4j.LoggerFactory;

/**
 * 100,000 mutated requests and 100,000 mutated answers: no crash, no hang, no leak, nobody else's answer. Arguments: how many
 * of each, and a seed.
 */
public final class FuzzBar {
    private FuzzBar() {}

    public static void main(String[] arguments) {
        ((Logger) LoggerFactory.getLogger("io.weir")).setLevel(Level.WARN);
        int inputs = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 100_000;
        long seed = arguments.length > 1 ? Long.parseLong(arguments[1]) : 2026;
        Bar.run(Duration.ofHours(1), () -> isReached(inputs, seed));
    }

    private static boolean isReached(int inputs, long seed) throws Exception {
        List<String> front = Fuzz.front(seed, inputs);
        List<String> back = Fuzz.back(seed, inputs);
        front.stream().limit(20).forEach(System.out::println);
        back.stream().limit(20).forEach(System.out::println);
        Table table = new Table("Fuzz, seed " + seed, "measured", "at most");
        table.row("mutated requests", inputs);
        table.row("of them with a crash, hang or mix-up", front.size(), 0);
        table.row("mutated answers", inputs);
        table.row("of them with a crash, hang or mix-up", back.size(), 0);
        table.print();
        return table.isReached();
    }
}
