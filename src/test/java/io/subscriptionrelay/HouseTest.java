package io.subscriptionrelay;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.Location;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** How the packages build on each other: CONTRIBUTING.md has the same list. */
class HouseTest {

    private static final String ROOT = "io.subscriptionrelay";
    /** Each may use those before it. */
    private static final List<String> FLOORS = List.of("logs", "config", "event", "jmsbatch", "broker", "order", "history", "mapping", "webhook",
            "translate", "deliver", "routes", "operations", "commands", "pages");
    private static final JavaClasses CLASSES = new ClassFileImporter().importLocations(List.of(Location.of(Path.of("target/classes"))));

    @Test
    void aPackageUsesOnlyThoseBelowIt() {
        Set<String> upward = new TreeSet<>();
        for (JavaClass one : CLASSES) {
            int floor = floor(one);
            one.getDirectDependenciesFromSelf().stream().map(dependency -> dependency.getTargetClass())
                    .filter(other -> other.getPackageName().startsWith(ROOT) && floor(other) > floor)
                    .forEach(other -> upward.add(one.getName() + " uses " + other.getName()));
        }
        assertThat(upward).isEmpty();
    }

    @Test
    void everyPackageHasItsPlace() {
        Set<String> packages = new TreeSet<>();
        CLASSES.forEach(one -> packages.add(name(one)));
        packages.remove("");
        assertThat(packages).containsExactlyInAnyOrderElementsOf(FLOORS);
    }

    @Test
    void nothingIsNamedAfterADestinationOrAProvider() {
        assertThat(CLASSES.stream().map(JavaClass::getName)
                .filter(name -> name.matches("(?i).*(clevertap|onesignal|braze|revenuecat|purchasely|qonversion).*"))).isEmpty();
    }

    /** The application itself is above all. */
    private static int floor(JavaClass one) {
        String name = name(one);
        return name.isEmpty() ? FLOORS.size() : FLOORS.indexOf(name);
    }

    private static String name(JavaClass one) {
        String name = one.getPackageName();
        return name.equals(ROOT) ? "" : name.substring(ROOT.length() + 1).split("\\.")[0];
    }
}
