package io.weir.bars;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A processor of this machine, to which processes are bound so that those that are measured do not share it. */
record Cpu(int number) {
    /** That command, bound to this processor. */
    List<String> bind(List<String> command) {
        List<String> bound = new ArrayList<>(List.of("taskset", "-c", String.valueOf(number)));
        bound.addAll(command);
        return bound;
    }

    /** Binds a process that runs, and those that it has started. */
    void bind(ProcessHandle process) throws IOException, InterruptedException {
        for (ProcessHandle one : family(process).toList()) {
            List<String> command = List.of("taskset", "-a", "-p", "-c", String.valueOf(number), "" + one.pid());
            Process taskset = new ProcessBuilder(command)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (taskset.waitFor() != 0) {
                throw new IOException("taskset failed: " + command);
            }
        }
    }

    /** What a process and those that it has started have used until now, in user and in system mode, of any processor. */
    static Duration timeOf(ProcessHandle process) {
        return family(process)
                .map(one -> one.info().totalCpuDuration().orElse(Duration.ZERO))
                .reduce(Duration.ZERO, Duration::plus);
    }

    private static Stream<ProcessHandle> family(ProcessHandle process) {
        return Stream.concat(Stream.of(process), process.descendants());
    }
}
