package io.github.dyt4j.torch;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.jspecify.annotations.Nullable;

/**
 * One step's memory: every tensor made on this thread between construction and {@link #close} is freed at close, but for those that
 * were {@linkplain #keep kept}. Forward and backward of a step share one scope, since the fused norms' backward lives in it.
 *
 * <pre>{@code
 * try (var step = new Scope()) {
 *     Tensor loss = objective.loss(model.forward(x), y);
 *     loss.backward();
 * }
 * }</pre>
 */
public final class Scope implements AutoCloseable {
    private static final ThreadLocal<Deque<Scope>> OPEN = ThreadLocal.withInitial(ArrayDeque::new);

    private final PointerScope pointers = new PointerScope();
    // libtorch holds a hook by a raw pointer: were it collected before backward, backward would fail.
    private final List<Pointer> held = new ArrayList<>();

    public Scope() {
        OPEN.get().push(this);
    }

    /** Takes a tensor out of every scope; whoever keeps it frees it with {@link #release}. */
    public static <P extends Pointer> P keep(P pointer) {
        pointer.retainReference();
        return pointer;
    }

    public static void release(Pointer kept) {
        kept.releaseReference();
    }

    /** Gives a tensor that was {@linkplain #keep kept} to the innermost scope of this thread. */
    static <P extends Pointer> P adopt(P kept) {
        Scope scope = OPEN.get().peek();
        if (scope == null) {
            throw new IllegalStateException("there is no open Scope to take the tensor over");
        }
        scope.held.add(kept);
        return kept;
    }

    /** The innermost scope of this thread, or null. */
    static @Nullable Scope current() {
        return OPEN.get().peek();
    }

    /** Keeps what a hook needs alive until this scope closes, whatever inner scope it was made in. */
    <P extends Pointer> P hold(P pointer) {
        pointer.retainReference();
        held.add(pointer);
        return pointer;
    }

    @Override
    public void close() {
        if (OPEN.get().peek() != this) {
            throw new IllegalStateException(
                    "scopes close in the reverse order of their opening, on the thread that opened them");
        }
        OPEN.get().pop();
        held.forEach(Pointer::releaseReference);
        held.clear();
        pointers.close();
    }
}
