package io.github.dyt4j.lab.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** How many processes wanted a core over the last minute, as {@code /proc/loadavg} has it; NaN where the system does not say. */
record Load(double lastMinute) {
    static Load now() {
        try {
            return new Load(Double.parseDouble(
                    Files.readString(Path.of("/proc/loadavg")).split(" ", 2)[0]));
        } catch (IOException | NumberFormatException e) {
            return new Load(Double.NaN); // not Linux
        }
    }

    void put(Map<String, Object> environment, String key) {
        if (!Double.isNaN(lastMinute)) {
            environment.put(key, lastMinute);
        }
    }
}
