package io.github.dyt4j.kernels;

import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Method;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * One loop, many functions: a copy of a loop's class for each kind that is met. Each copy sees its kind as a constant, so the compiler
 * drops the branches not taken, inlines the one function called, and never meets a second one (which would put every vector on the heap).
 *
 * @param <K> the kind, a record
 * @param <L> what calls the copy's methods
 */
final class Specialised<K extends Record, L> {
    private final ConcurrentHashMap<K, L> loops = new ConcurrentHashMap<>();
    private final Function<MethodHandles.Lookup, L> link;
    private final byte[] template;

    Specialised(Class<?> template, Function<MethodHandles.Lookup, L> link) {
        this.link = link;
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
            return link.apply(MethodHandles.lookup().defineHiddenClassWithClassData(template, kind, true));
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The copy's one static method of that name. */
    static MethodHandle method(MethodHandles.Lookup copy, String name) {
        for (Method method : copy.lookupClass().getDeclaredMethods()) {
            if (method.getName().equals(name)) {
                try {
                    return copy.unreflect(method);
                } catch (IllegalAccessException e) {
                    throw new IllegalStateException(e);
                }
            }
        }
        throw new IllegalStateException(copy.lookupClass() + " has no method " + name);
    }

    /** What a handle threw, to be thrown on. */
    static RuntimeException unchecked(Throwable e) {
        return switch (e) {
            case RuntimeException r -> r;
            case Error error -> throw error;
            default -> new IllegalStateException(e);
        };
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
