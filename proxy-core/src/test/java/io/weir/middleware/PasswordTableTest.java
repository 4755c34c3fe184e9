package io.weir.middleware;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PasswordTableTest {
    private static final String SHA = "{SHA}CGOxNeaKhwmX8loN6ephhnotZdc=";
    private static final String BCRYPT = "$2y$05$FJuiSE5g6Ut8Vv58iTNqv.QPAvhSZOMEScaS5hVpHHwfdsDint3aG";

    @Test
    void linesAreUsersAndPasswords() {
        PasswordTable table = PasswordTable.ofLines(
                List.of("# people", "", "alice:" + SHA, "bob:" + BCRYPT + ":a comment: with colons", "  carol:" + SHA));

        assertThat(table.size()).isEqualTo(3);
        assertThat(table.get("bob")).isNotNull();
        assertThat(table.get("carol")).isNotNull();
        assertThat(table.get("dave")).isNull();
        assertThat(table.problems()).isEmpty();
    }

    @Test
    void theFirstLineOfANameCounts() {
        PasswordTable table = PasswordTable.ofLines(List.of("alice:" + BCRYPT, "alice:" + SHA));

        assertThat(table.get("alice").text()).isEqualTo(BCRYPT);
    }

    @Test
    void aLineThatCannotBeUsedIsAProblemAndLetsNobodyIn() {
        PasswordTable table = PasswordTable.ofLines(List.of("alice:hunter2", "bob", ":" + SHA, "carol:" + SHA));

        assertThat(table.size()).isEqualTo(1);
        assertThat(table.problems()).hasSize(3);
        assertThat(table.problems().get(0)).startsWith("line 1: ").contains("htpasswd -B");
        assertThat(table.problems().get(1)).isEqualTo("line 2: no user (expected: name:password)");
        assertThat(String.join("", table.problems())).doesNotContain("hunter2", SHA);
    }

    @Test
    void unknownUsersTakeAsLongAsTheCostliest() {
        PasswordTable table = PasswordTable.ofLines(List.of("a:" + SHA, "b:" + BCRYPT, "c:uLoyEAKoLB4Fo"));

        assertThat(table.decoy()).isSameAs(table.get("b"));
        assertThat(PasswordTable.ofLines(List.of()).decoy()).isNull();
    }

    @Test
    void namesFromCodeAreComparedAsBytes() {
        PasswordTable table = PasswordTable.of(Map.of("j\u00F6rg", SHA));

        String asSent = new String("j\u00F6rg".getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        assertThat(table.get(asSent)).isNotNull();
    }

    @Test
    void usersFromCodeAreCheckedAtOnce() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PasswordTable.of(Map.of("alice", "hunter2")))
                .withMessageStartingWith("user \"alice\": ")
                .withMessageNotContaining("hunter2");
        assertThatIllegalArgumentException().isThrownBy(() -> PasswordTable.of(Map.of("a:b", SHA)));
        assertThatIllegalArgumentException().isThrownBy(() -> PasswordTable.of(Map.of("", SHA)));
    }
}
