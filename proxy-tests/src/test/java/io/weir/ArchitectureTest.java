package io.weir;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.RandomAccessFile;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Set;
import java.util.Timer;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds the floors of the house: who may import whom, and what the core must be told instead of finding out. */
class ArchitectureTest {

    /** From the ground up. A package imports only from the floors below its own, never from its own floor. */
    private static final List<Set<String>> FLOORS = List.of(
            Set.of("io.weir.http..", "io.weir.json.."),
            Set.of("io.weir.header.."),
            Set.of("io.weir.upstream..", "io.weir.middleware..", "io.weir.log..", "io.weir.body.."),
            Set.of("io.weir.route.."),
            Set.of("io.weir"));

    private static final String ENGINE = "io.weir.jetty..";
    private static final String EXAMPLES = "io.weir.examples..";

    private static final String[] CORE = FLOORS.stream().flatMap(Set::stream).toArray(String[]::new);

    private static final JavaClasses WEIR = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.weir");

    @Test
    void everyPackageHasItsPlace() {
        classes()
                .should()
                .resideInAnyPackage(Stream.concat(Stream.of(CORE), Stream.of(ENGINE, EXAMPLES))
                        .toArray(String[]::new))
                .because("a new package is put on a floor of this test first")
                .allowEmptyShould(true)
                .check(WEIR);
    }

    @ParameterizedTest
    @MethodSource("corePackages")
    void aPackageImportsOnlyFromTheFloorsBelow(String packageIdentifier) {
        noClasses()
                .that()
                .resideInAPackage(packageIdentifier)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(notBelow(packageIdentifier))
                .allowEmptyShould(true)
                .check(WEIR);
    }

    static Stream<String> corePackages() {
        return Stream.of(CORE);
    }

    private static String[] notBelow(String packageIdentifier) {
        int floor = 0;
        while (!FLOORS.get(floor).contains(packageIdentifier)) {
            floor++;
        }
        Stream<String> sameFloorAndAbove = FLOORS.subList(floor, FLOORS.size()).stream()
                .flatMap(Set::stream)
                .filter(other -> !other.equals(packageIdentifier));
        return Stream.concat(sameFloorAndAbove, Stream.of(ENGINE, EXAMPLES)).toArray(String[]::new);
    }

    @Test
    void theVocabularyNeedsNothingButJava() {
        classes()
                .that()
                .resideInAPackage("io.weir.http..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage("io.weir.http..", "java..", "org.jspecify..")
                .allowEmptyShould(true)
                .check(WEIR);
    }

    @Test
    void theCoreNeedsNoLibraryButThePasswordHashes() {
        classes()
                .that()
                .resideInAnyPackage(CORE)
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(CORE)
                        .or(resideInAnyPackage(
                                "java..",
                                "javax.crypto..", // of java.base too
                                "org.jspecify..",
                                "org.apache.commons.codec..",
                                "org.springframework.security.crypto.bcrypt..")))
                .allowEmptyShould(true)
                .check(WEIR);
    }

    @Test
    void theCoreOpensNoSocketsOrFilesAndStartsNoThreads() {
        noClasses()
                .that()
                .resideInAnyPackage(CORE)
                .should()
                .dependOnClassesThat(resideInAPackage("java.nio.channels..")
                        .or(belongToAnyOf(
                                Socket.class,
                                ServerSocket.class,
                                Files.class,
                                FileInputStream.class,
                                FileOutputStream.class,
                                RandomAccessFile.class,
                                Thread.class,
                                Timer.class,
                                Executors.class,
                                ThreadPoolExecutor.class,
                                ForkJoinPool.class)))
                .because("the engine touches the world, the core decides")
                .allowEmptyShould(true)
                .check(WEIR);
    }

    @Test
    void theCoreReadsNoClockAndPrintsNothing() {
        noClasses()
                .that()
                .resideInAnyPackage(CORE)
                .should()
                .accessTargetWhere(readsAClock().or(prints()))
                .because("the time is told to the core, and what it has to say it returns")
                .allowEmptyShould(true)
                .check(WEIR);
    }

    private static DescribedPredicate<JavaAccess<?>> readsAClock() {
        Set<String> systemClocks = Set.of("nanoTime", "currentTimeMillis");
        return DescribedPredicate.describe("reads a clock", access -> {
            JavaClass owner = access.getTargetOwner();
            String name = access.getName();
            return owner.isEquivalentTo(System.class) && systemClocks.contains(name)
                    || owner.isEquivalentTo(Clock.class) && !name.equals("fixed")
                    || name.equals("now")
                            && Stream.of(
                                            Instant.class,
                                            LocalDate.class,
                                            LocalTime.class,
                                            LocalDateTime.class,
                                            OffsetDateTime.class,
                                            ZonedDateTime.class)
                                    .anyMatch(owner::isEquivalentTo);
        });
    }

    private static DescribedPredicate<JavaAccess<?>> prints() {
        return DescribedPredicate.describe(
                "prints",
                access -> access.getTargetOwner().isEquivalentTo(System.class)
                                && Set.of("out", "err").contains(access.getName())
                        || access.getName().equals("printStackTrace"));
    }

    @Test
    void onlyTheExamplesStandOnTheEngine() {
        noClasses()
                .that()
                .resideOutsideOfPackages(ENGINE, EXAMPLES)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(ENGINE, EXAMPLES)
                .allowEmptyShould(true)
                .check(WEIR);
        noClasses()
                .that()
                .resideInAPackage(ENGINE)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(EXAMPLES)
                .allowEmptyShould(true)
                .check(WEIR);
    }

    @Test
    void thePackagesOfTheEngineFormNoCircle() {
        slices().assignedFrom(packagesOfTheEngine())
                .should()
                .beFreeOfCycles()
                .allowEmptyShould(true)
                .check(WEIR);
    }

    private static SliceAssignment packagesOfTheEngine() {
        return new SliceAssignment() {
            @Override
            public SliceIdentifier getIdentifierOf(JavaClass javaClass) {
                return resideInAPackage(ENGINE).test(javaClass)
                        ? SliceIdentifier.of(javaClass.getPackageName())
                        : SliceIdentifier.ignore();
            }

            @Override
            public String getDescription() {
                return "packages of the engine";
            }
        };
    }
}
