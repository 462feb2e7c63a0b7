package io.github.dyt4j.lab.bench;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.training.run.Environment;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What {@code bench length} is to measure: lengths from {@code from} tokens, doubled up to {@code to}.
 *
 * @param channels D of one sequence
 * @param states N a channel, of the scan
 * @param seconds of measurement for each length; warming up comes on top
 * @param command as it was typed
 */
public record LengthPlan(long from, long to, int channels, int states, int threads, double seconds, String command) {
    /** Values in memory at once for a token and channel, of the convolution: its transforms of twice the length and their temporaries. */
    private static final int VALUES = 60;

    public LengthPlan {
        if (from < 1) {
            throw new UserError("--from " + from + ": a sequence has at least one token.");
        }
        if (to < from) {
            throw new UserError("--to " + to + " is below --from " + from + ". Give the longer one to --to.");
        }
        if (channels < 1 || channels > 1 << 20) {
            throw new UserError("--channels " + channels + ": give from 1 to 1048576.");
        }
        if (states < 1 || states > 1024) {
            throw new UserError("--states " + states + ": give from 1 to 1024.");
        }
        if (threads < 1) {
            throw new UserError("--threads " + threads + ": at least one thread does the work.");
        }
        if (!(seconds > 0) || seconds > 3600) {
            throw new UserError("--seconds " + seconds + ": give more than 0 and at most 3600.");
        }
        double bytes = 4.0 * VALUES * to * channels;
        long machine = Environment.machineBytes();
        if (machine > 0 && bytes > 0.9 * machine) {
            throw new UserError(String.format(
                    Locale.ROOT,
                    "--to %d: about %.1f GB would be needed, and this machine has %.1f GB. Give fewer tokens or --channels.",
                    to,
                    bytes / 1e9,
                    machine / 1e9));
        }
    }

    /** In growing order. */
    List<Long> lengths() {
        List<Long> all = new ArrayList<>();
        for (long length = from; length <= to; length *= 2) {
            all.add(length);
        }
        return all;
    }
}
