package io.weir.middleware;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The stored passwords were made by Apache's htpasswd 2.4 and by openssl, of the password {@code s3cr:t}. */
class PasswordHashTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "$2y$05$FJuiSE5g6Ut8Vv58iTNqv.QPAvhSZOMEScaS5hVpHHwfdsDint3aG",
                "$2a$05$FJuiSE5g6Ut8Vv58iTNqv.QPAvhSZOMEScaS5hVpHHwfdsDint3aG",
                "$2b$05$FJuiSE5g6Ut8Vv58iTNqv.QPAvhSZOMEScaS5hVpHHwfdsDint3aG",
                "$2y$04$YIRNPXVioTyiPPNT0f6yZuDJJGsOXXglvrt6mpTGCvKQowMkuNMES",
                "$apr1$jCdomOXs$qRCGt0nvOy73P6PnwDaxg/",
                "$1$jx04hU5D$e4y0UnArM2ecoKhvM2J.J/",
                "{SHA}CGOxNeaKhwmX8loN6ephhnotZdc=",
                "uLoyEAKoLB4Fo",
                "$5$r0PJsd6vI7nM5Ah1$m4vFE/RbPyrpAfnIU6sUMA6S26olfBytu7TkdcCpzb1",
                "$5$rounds=1000$NCpVls48.EB3VOf0$XYk1HldEWR0.AJx82m97mwxVb2llrlkP7AOEpqxzmQ5",
                "$5$saltsalt$V9112TnonK7NWZFrP1n8cFYqggi/7CCFMPBZWkRCX3A",
                "$6$Iqjx8ar3WKE8BosF$cYYcerXtTHpSDwPSQAax5W7O8kW50nHRB4ABtpV5tJvzDszi3GfaWUK2pZndtQj79dvGhvb6dmTtOCtUW5g.h/",
                "$6$x4W6YIJlG.5TA8OL$xX89L.rnndFtLW3eNPusJ25x.lQeExIWK1f8iEQtgG/UG/GhJicBfkxc86Mpa80gqZLmJR74Bfalf/8ufIPs71",
            })
    void theRightPasswordMatchesAndNoOther(String stored) {
        PasswordHash hash = PasswordHash.parse(stored);

        assertThat(hash.matches("s3cr:t".getBytes(UTF_8))).isTrue();
        assertThat(hash.matches("s3cr:T".getBytes(UTF_8))).isFalse();
        assertThat(hash.matches(new byte[0])).isFalse();
        assertThat(hash.matches("s3cr:t".getBytes(UTF_8))).isTrue();
    }

    @Test
    void aSaltedShaMatches() {
        // sha1("s3cr:t" + "salt") and the salt after it
        PasswordHash hash = PasswordHash.parse(SSHA);

        assertThat(hash.matches("s3cr:t".getBytes(UTF_8))).isTrue();
        assertThat(hash.matches("s3cr".getBytes(UTF_8))).isFalse();
    }

    @Test
    void bytesBeyondAsciiAreUtf8() {
        PasswordHash hash = PasswordHash.parse("$2y$05$w90pPPFtNYfgR0cgRoSYS.b2XHPBBA.ZS1cLvzou1kYMnaBocJeju");

        assertThat(hash.matches("p\u00E4ssword".getBytes(UTF_8))).isTrue();
        assertThat(hash.matches("passsword".getBytes(UTF_8))).isFalse();
    }

    @Test
    void aBcryptPasswordOfAnyLengthIsTaken() {
        PasswordHash hash = PasswordHash.parse("$2y$04$hi/g5bzlG8W8lkePJZZ1Iuc9B/D.4bImp0Rt580T9gNJjR.lAooUS");

        assertThat(hash.matches("x".repeat(72).getBytes(UTF_8))).isTrue();
        assertThat(hash.matches("x".repeat(71).getBytes(UTF_8))).isFalse();
        assertThat(hash.matches("y".repeat(5000).getBytes(UTF_8))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "hunter2",
                "{PLAIN}hunter2",
                "{SHA}",
                "{SHA}CGOxNeaKhwmX8loN6ephhnotZd",
                "{SSHA}CGOxNeaKhwmX8loN6ephhnotZdc=",
                "{SHA}!",
                "$2y$03$FJuiSE5g6Ut8Vv58iTNqv.QPAvhSZOMEScaS5hVpHHwfdsDint3aG",
                "$2x$05$FJuiSE5g6Ut8Vv58iTNqv.QPAvhSZOMEScaS5hVpHHwfdsDint3aG",
                "$2y$05$FJuiSE5g6Ut8Vv58iTNqv.QPAvhSZOMEScaS5hVpHHwfdsDint3a",
                "$apr1$$qRCGt0nvOy73P6PnwDaxg/",
                "$7$abc$def",
                "uLoyEAKoLB4F",
            })
    void whatIsNoHashIsRefusedWithoutBeingShown(String stored) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PasswordHash.parse(stored))
                .satisfies(e -> assertThat(e.getMessage())
                        .contains("password is")
                        .doesNotContain(stored.isEmpty() ? "\0" : stored));
    }

    @ParameterizedTest
    @CsvSource({
        "org.springframework.security.crypto, org.springframework.security:spring-security-crypto,"
                + " $2y$05$FJuiSE5g6Ut8Vv58iTNqv.QPAvhSZOMEScaS5hVpHHwfdsDint3aG",
        "org.apache.commons.codec, commons-codec:commons-codec, $apr1$jCdomOXs$qRCGt0nvOy73P6PnwDaxg/",
        "org.apache.commons.codec, commons-codec:commons-codec, uLoyEAKoLB4Fo",
    })
    void aMissingLibraryIsNamed(String missing, String artefact, String stored) throws Exception {
        try (Without loader = new Without(missing)) {
            Method parse = loader.loadClass(PasswordHash.class.getName()).getDeclaredMethod("parse", String.class);
            parse.setAccessible(true);

            assertThatThrownBy(() -> parse.invoke(null, stored))
                    .isInstanceOf(InvocationTargetException.class)
                    .cause()
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("add " + artefact)
                    .hasMessageNotContaining(stored);
            assertThat(parse.invoke(null, "{SHA}CGOxNeaKhwmX8loN6ephhnotZdc=")).isNotNull();
        }
    }

    @Test
    void itNeverShowsItself() {
        assertThat(PasswordHash.parse("uLoyEAKoLB4Fo").toString()).doesNotContain("uLoy");
    }

    private static final String SSHA = "{SSHA}OIFLRYQRwdZSL4lrPt+HG6plyrVzYWx0";

    /** Weir's classes again, on a class path that lacks a library. */
    private static final class Without extends URLClassLoader {
        private final String missing;

        Without(String missing) {
            super(
                    new URL[] {
                        PasswordHash.class.getProtectionDomain().getCodeSource().getLocation()
                    },
                    PasswordHashTest.class.getClassLoader());
            this.missing = missing;
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (name.startsWith(missing)) {
                throw new ClassNotFoundException(name);
            }
            synchronized (getClassLoadingLock(name)) {
                if (name.startsWith("io.weir.")) {
                    Class<?> known = findLoadedClass(name);
                    return known != null ? known : findClass(name);
                }
            }
            return super.loadClass(name, resolve);
        }
    }
}
