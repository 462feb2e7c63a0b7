package io.github.dyt4j.cli;

import static com.tngtech.archunit.core.domain.JavaAccess.Predicates.target;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.io.ObjectInputStream;
import java.util.List;
import java.util.Set;

/** The house rules: each room imports only rooms above it, and what crashes a JVM or runs foreign code stays where it is known. */
@AnalyzeClasses(packages = "io.github.dyt4j", importOptions = ImportOption.DoNotIncludeTests.class)
final class RoomsTest {
    /** Each room, and the rooms that it may not know. */
    @ArchTest
    static void eachRoomKnowsOnlyRoomsAboveIt(JavaClasses classes) {
        List<String> down = List.of("kernels", "formats", "torch", "models", "training", "lab", "cli");
        for (int i = 0; i < down.size(); i++) {
            String[] forbidden = down.subList(i + 1, down.size()).stream()
                    .map(room -> "io.github.dyt4j." + room + "..")
                    .toArray(String[]::new);
            if (forbidden.length > 0) {
                noClasses()
                        .that()
                        .resideInAPackage("io.github.dyt4j." + down.get(i) + "..")
                        .should()
                        .dependOnClassesThat()
                        .resideInAnyPackage(forbidden)
                        .check(classes);
            }
        }
    }

    @ArchTest
    static final ArchRule kernelsAndFormatsDoNotKnowEachOther = noClasses()
            .that()
            .resideInAPackage("io.github.dyt4j.kernels..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.github.dyt4j.formats..");

    @ArchTest
    static final ArchRule formatsDoesNotKnowKernels = noClasses()
            .that()
            .resideInAPackage("io.github.dyt4j.formats..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.github.dyt4j.kernels..");

    @ArchTest
    static final ArchRule kernelsAndFormatsRunWithoutLibtorch = noClasses()
            .that()
            .resideInAnyPackage("io.github.dyt4j.kernels..", "io.github.dyt4j.formats..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.bytedeco..");

    private static final Set<String> TRAPS =
            Set.of("PointerScope", "TensorTensorHook", "VoidTensorHook", "AutoGradMode");

    private static final DescribedPredicate<JavaClass> TRAP =
            new DescribedPredicate<>("scopes, hooks, guards or raw pointers of JavaCPP") {
                @Override
                public boolean test(JavaClass c) {
                    return c.getPackageName().startsWith("org.bytedeco")
                            && (TRAPS.contains(c.getSimpleName())
                                    || c.getSimpleName().endsWith("Guard"));
                }
            };

    @ArchTest
    static final ArchRule trapsStayInTorch = noClasses()
            .that()
            .resideOutsideOfPackage("io.github.dyt4j.torch..")
            .should()
            .dependOnClassesThat(TRAP);

    @ArchTest
    static final ArchRule rawAddressesStayInTorch = noClasses()
            .that()
            .resideOutsideOfPackage("io.github.dyt4j.torch..")
            .should()
            .accessTargetWhere(
                    target(
                            libtorch(
                                    "data_ptr|const_data_ptr|mutable_data_ptr|data_ptr_.*|retainReference|releaseReference|register_hook|set_data")));

    private static DescribedPredicate<AccessTarget> libtorch(String names) {
        return new DescribedPredicate<>("a call of libtorch's " + names.replace('|', ' ')) {
            @Override
            public boolean test(AccessTarget t) {
                return t.getName().matches(names)
                        && t.getOwner().getPackageName().startsWith("org.bytedeco.pytorch");
            }
        };
    }

    /** Formats that run code when they are read: pickle, TorchScript and Java's own serialisation. */
    @ArchTest
    static final ArchRule nothingThatRunsCodeIsRead = noClasses()
            .should()
            .accessTargetWhere(target(libtorch(
                    "pickle_load|load|torch_load|jit_load|import_ir_module.*|_load_for_mobile.*|_load_parameters")))
            .orShould()
            .dependOnClassesThat()
            .areAssignableTo(ObjectInputStream.class)
            .orShould()
            .dependOnClassesThat()
            .haveNameMatching("org\\.bytedeco\\.pytorch\\.(InputArchive|JitModule|AOTI.*)");

    private static final DescribedPredicate<AccessTarget> STANDARD_STREAM =
            new DescribedPredicate<>("System.out or System.err") {
                @Override
                public boolean test(AccessTarget t) {
                    return t.getOwner().getName().equals("java.lang.System")
                            && Set.of("out", "err").contains(t.getName());
                }
            };

    /** But for the line that says that the vector kernels are missing, and the main class of a run that is a process of its own. */
    @ArchTest
    static final ArchRule onlyTheCommandLineTalks = noClasses()
            .that()
            .resideOutsideOfPackage("io.github.dyt4j.cli..")
            .and()
            .haveNameNotMatching("io\\.github\\.dyt4j\\.(kernels\\.(Kernels|Species)|training\\.run\\.RunMain(\\$.*)?)")
            .should()
            .accessTargetWhere(target(STANDARD_STREAM));
}
