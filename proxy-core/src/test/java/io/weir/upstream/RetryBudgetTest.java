package io.weir.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RetryBudgetTest {
    private final RetryBudget budget = new RetryBudget();

    @ParameterizedTest
    @CsvSource({
        // percent, floor, exchanges, retries
        "20, 3, 1,   3",
        "20, 3, 19,  3",
        "20, 3, 20,  4",
        "20, 3, 100, 20",
        "0,  0, 100, 0",
        "100, 0, 7,  7",
    })
    void retriesAreAShareOfTheRunningExchangesButNoFewerThanTheFloor(
            int percent, int floor, int exchanges, int retries) {
        RetryPolicy policy = RetryPolicy.defaults().withBudget(percent, floor);
        for (int i = 0; i < exchanges; i++) {
            budget.enter();
        }

        int taken = 0;
        while (budget.take(policy)) {
            taken++;
        }

        assertThat(taken).isEqualTo(retries);
    }

    @Test
    void whatIsGivenBackCanBeTakenAgain() {
        RetryPolicy policy = RetryPolicy.defaults().withBudget(0, 1);
        budget.enter();
        assertThat(budget.take(policy)).isTrue();
        assertThat(budget.take(policy)).isFalse();

        budget.release();

        assertThat(budget.take(policy)).isTrue();
        assertThat(budget).hasToString("1 retries among 1 exchanges");
    }

    @Test
    void nothingIsLostAmongThreads() throws Exception {
        RetryPolicy policy = RetryPolicy.defaults().withBudget(50, 1);
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Callable<Void>> users = new ArrayList<>();
            for (int user = 0; user < 4; user++) {
                Random random = new Random(user);
                users.add(() -> {
                    for (int i = 0; i < 5_000; i++) {
                        budget.enter();
                        if (random.nextBoolean() && budget.take(policy)) {
                            budget.release();
                        }
                        budget.leave();
                    }
                    return null;
                });
            }
            for (Future<Void> user : threads.invokeAll(users)) {
                user.get();
            }
        } finally {
            threads.shutdownNow();
        }

        assertThat(budget).hasToString("0 retries among 0 exchanges");
    }
}
