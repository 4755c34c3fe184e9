package io.weir.jetty.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.upstream.AddressResolver;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.util.Promise;
import org.junit.jupiter.api.Test;

class AddressesTest {
    private final Queue<List<String>> script = new ArrayDeque<>();
    private final Queue<Runnable> workers = new ArrayDeque<>();
    private final List<Object> answers = new ArrayList<>();
    private long now = 5;
    private final AddressResolver scripted = host -> {
        List<String> next = script.remove();
        if (next.isEmpty()) {
            throw new UnknownHostException(host);
        }
        List<InetAddress> addresses = new ArrayList<>();
        for (String address : next) {
            addresses.add(InetAddress.getByName(address));
        }
        return addresses;
    };
    private final Addresses addresses = new Addresses(scripted, () -> now);

    @Test
    void theFirstWhoAskWaitForOneAnswer() {
        script.add(List.of("10.0.0.1"));
        find();
        find();
        assertThat(answers).isEmpty();

        work();

        assertThat(answers).containsExactly("[10.0.0.1]", "[10.0.0.1]");
    }

    @Test
    void eachTimeTheNextAddressComesFirst() {
        script.add(List.of("10.0.0.1", "10.0.0.2", "10.0.0.3"));
        find();
        work();
        find();
        find();
        find();

        assertThat(answers)
                .containsExactly(
                        "[10.0.0.1, 10.0.0.2, 10.0.0.3]",
                        "[10.0.0.2, 10.0.0.3, 10.0.0.1]",
                        "[10.0.0.3, 10.0.0.1, 10.0.0.2]",
                        "[10.0.0.1, 10.0.0.2, 10.0.0.3]");
    }

    @Test
    void afterHalfAMinuteItIsAskedAgainAndNobodyWaits() {
        script.add(List.of("10.0.0.1"));
        script.add(List.of("10.0.0.2"));
        find();
        work();
        pass(29);
        find();
        assertThat(workers).isEmpty();
        pass(1);
        find();
        work();
        find();

        assertThat(answers).containsExactly("[10.0.0.1]", "[10.0.0.1]", "[10.0.0.1]", "[10.0.0.2]");
    }

    @Test
    void whoComesAfterALongTimeWaitsForWhatIsTrueNow() {
        script.add(List.of("10.0.0.1"));
        script.add(List.of("10.0.0.2"));
        find();
        work();
        pass(300);
        find();
        assertThat(answers).hasSize(1);
        work();

        assertThat(answers).containsExactly("[10.0.0.1]", "[10.0.0.2]");
    }

    @Test
    void oldAddressesStayInUseWhileNoneAreFound() {
        script.add(List.of("10.0.0.1"));
        script.add(List.of());
        script.add(List.of());
        script.add(List.of("10.0.0.2"));
        find();
        work();
        for (int i = 0; i < 3; i++) {
            pass(300);
            find();
            work();
        }

        assertThat(answers).containsExactly("[10.0.0.1]", "[10.0.0.1]", "[10.0.0.1]", "[10.0.0.2]");
    }

    @Test
    void whereNoneWasEverFoundEachAsksAnew() {
        script.add(List.of());
        script.add(List.of("10.0.0.1"));
        find();
        work();
        find();
        work();

        assertThat(answers).containsExactly("UnknownHostException", "[10.0.0.1]");
    }

    @Test
    void aResolverThatThrowsOrFindsNothingHasFailed() {
        List<Object> told = new ArrayList<>();
        Addresses broken = new Addresses(host -> {
            throw new IllegalStateException("broken");
        });
        Addresses empty = new Addresses(host -> List.of());

        broken.find("a.test", Runnable::run, Promise.from(told::add, told::add));
        empty.find("a.test", Runnable::run, Promise.from(told::add, told::add));

        assertThat(told.get(0)).isInstanceOf(IllegalStateException.class);
        assertThat(told.get(1)).isInstanceOf(UnknownHostException.class);
    }

    private void find() {
        addresses.find(
                "a.test",
                workers::add,
                Promise.from(
                        found -> answers.add(found.stream()
                                .map(InetAddress::getHostAddress)
                                .toList()
                                .toString()),
                        failure -> answers.add(failure.getClass().getSimpleName())));
    }

    private void work() {
        for (Runnable task = workers.poll(); task != null; task = workers.poll()) {
            task.run();
        }
    }

    private void pass(int seconds) {
        now += TimeUnit.SECONDS.toNanos(seconds);
    }
}
