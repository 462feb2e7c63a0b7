package io.github.dyt4j.torch;

import io.github.dyt4j.formats.UserError;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The norm slots of one model: a model never names a norm, it asks here for one at a {@link Site}, and the {@link NormSpec} says which.
 * What the architecture fixes (channels, layout, γ and β or not) comes from the model.
 */
public final class Norms {
    /** Is shown the input of every norm in every forward. The tensor is the model's own: look, copy, do not write. */
    @FunctionalInterface
    public interface Tap {
        void seen(Norm norm, Tensor input);
    }

    /** What calibration set at a site: α0 and γ0, NaN where the norm has none. */
    public record Start(double alpha, double gamma) {}

    private final NormSpec spec;
    private final List<Norm> sites = new ArrayList<>();
    private @Nullable Tap tap;
    private @Nullable SequencedMap<String, Start> calibrating;
    private Set<PointwiseNorm> calibrated = Set.of();

    public Norms(NormSpec spec) {
        this.spec = spec;
    }

    /**
     * A norm for this slot.
     *
     * @param p the slot's node, as {@code p.child("norm1")}; its name is the site's name
     * @param dim C, the channels
     * @param affine which of γ and β the architecture gives the norm
     */
    public Norm at(Site site, Parameters p, int dim, Layout layout, Affine affine) {
        Norm norm = switch (spec.function()) {
            case LAYERNORM, RMSNORM -> new RowNorm(this, spec, site, p, dim, layout, affine);
            case BATCHNORM -> new BatchNorm(this, spec, site, p, dim, layout, affine);
            case GROUPNORM -> new GroupNorm(this, spec, site, p, dim, layout, affine);
            case IDENTITY -> new IdentityNorm(this, p.name(), site);
            case DYT, DERF, DYISRU, HARDTANH, SIGMOID, LINEAR ->
                new PointwiseNorm(this, spec, site, p, dim, layout, affine);
        };
        sites.add(norm);
        return norm;
    }

    /** The same with γ and β, or with neither. */
    public Norm at(Site site, Parameters p, int dim, Layout layout, boolean affine) {
        return at(site, p, dim, layout, affine ? Affine.FULL : Affine.NONE);
    }

    public NormSpec spec() {
        return spec;
    }

    /** Whether this forward pass is the one that sets the start, so that a model can set what it scales by itself. */
    public boolean calibrating() {
        return calibrating != null;
    }

    /** Every slot in the order in which the model made them. */
    public List<Norm> sites() {
        return Collections.unmodifiableList(sites);
    }

    /** Shows every norm's input to {@code tap} from now on; null ends it. */
    public void tap(@Nullable Tap tap) {
        this.tap = tap;
    }

    /**
     * Sets α0 = 1/std(x) and γ0 = 1/std(f(α0·x)) at every site in the order of one forward pass, std over the whole tensor, so that each
     * site's output has LayerNorm's unit variance before β; without γ, α0 alone. Later sites see what earlier ones now give.
     *
     * @param forward runs the model once, in evaluation mode, on un-mixed data
     * @return what was set, by site
     * @throws UserError where a site's input is constant or not finite, so that it has no scale to match
     */
    public SequencedMap<String, Start> calibrate(Runnable forward) {
        return calibrate(forward, pointwise().toList());
    }

    /** The same where a site has no start yet: all of a new model's with {@code init=calibrated}, none of loaded ones. */
    public SequencedMap<String, Start> calibrateNew(Runnable forward) {
        List<PointwiseNorm> waiting = pointwise().filter(PointwiseNorm::waits).toList();
        return waiting.isEmpty() ? new LinkedHashMap<>() : calibrate(forward, waiting);
    }

    private Stream<PointwiseNorm> pointwise() {
        return sites.stream().filter(PointwiseNorm.class::isInstance).map(PointwiseNorm.class::cast);
    }

    private SequencedMap<String, Start> calibrate(Runnable forward, List<PointwiseNorm> wanted) {
        SequencedMap<String, Start> starts = new LinkedHashMap<>();
        calibrating = starts;
        calibrated = Set.copyOf(wanted);
        try (var _ = new Scope();
                var _ = Grad.off()) {
            forward.run();
        } finally {
            calibrating = null;
        }
        for (Norm norm : wanted) {
            if (!starts.containsKey(norm.name())) {
                throw new UserError("norm '" + spec + "': the pass that calibrates never reached " + norm.name() + ".");
            }
        }
        return starts;
    }

    void seen(Norm norm, Tensor input) {
        if (norm.folded() && (Grad.enabled() || calibrating != null)) {
            throw new IllegalStateException(
                    "γ and β of " + norm.name()
                            + " are folded into the next layer, so the model can neither be trained nor calibrated: run it under Grad.off(), or undo the folding");
        }
        if (calibrating != null && norm instanceof PointwiseNorm pointwise && calibrated.contains(pointwise)) {
            calibrating.put(norm.name(), pointwise.calibrate(input));
        }
        if (tap != null) {
            tap.seen(norm, input);
        }
    }
}
