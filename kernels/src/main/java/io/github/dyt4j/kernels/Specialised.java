package io.github.dyt4j.kernels;

import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.util.concurrent.ConcurrentHashMap;

/**
 * One loop, many functions: a copy of a loop's class for each kind that is met. Each copy sees its kind as a constant, so the compiler
 * drops the branches not taken, inlines the one function called, and never meets a second one (which would put every vector on the heap).
 *
 * @param <K> the kind, a record
 * @param <L> the loop's interface; the template implements it and has a private or package-private constructor without arguments
 */
final class Specialised<K extends Record, L> {
    private final ConcurrentHashMap<K, L> loops = new ConcurrentHashMap<>();
    private final Class<L> type;
    private final byte[] template;

    Specialised(Class<L> type, Class<? extends L> template) {
        this.type = type;
        try (InputStream in = template.getResourceAsStream(template.getSimpleName() + ".class")) {
            if (in == null) {
                throw new IllegalStateException(template + " has no class file");
            }
            this.template = in.readAllBytes();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    L of(K kind) {
        return loops.computeIfAbsent(kind, this::define);
    }

    private L define(K kind) {
        try {
            MethodHandles.Lookup copy = MethodHandles.lookup().defineHiddenClassWithClassData(template, kind, true);
            return type.cast(copy.lookupClass().getDeclaredConstructor().newInstance());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    /** In the copy: its kind. In the template itself, which nobody runs, an error. */
    static <K extends Record> K kind(MethodHandles.Lookup copy, Class<K> type) {
        try {
            return MethodHandles.classData(copy, "_", type);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }
}
