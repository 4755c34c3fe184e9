package io.weir.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TlsConnectionTest {

    @ParameterizedTest
    @CsvSource({
        "a.test,        a.test,        true",
        "a.test,        b.test,        false",
        "a.test,        x.a.test,      false",
        "*.a.test,      x.a.test,      true",
        "*.a.test,      a.test,        false",
        "*.a.test,      x.y.a.test,    false",
        "*.a.test,      .a.test,       false",
        "*.a.test,      x.ba.test,     false",
        "127.0.0.1,     127.0.0.1,     true",
    })
    void aNameVouchesForItselfAndAWildcardForOneLabel(String name, String host, boolean vouches) {
        assertThat(TlsConnection.vouches(name, host)).isEqualTo(vouches);
    }

    @ParameterizedTest
    @CsvSource({
        "a.test, a.test, a.test,   false", // what was asked for
        "a.test, a.test, b.test,   true",
        "a.test, b.test, b.test,   false", // one connection for both sites
        "other.test, a.test, other.test, false", // the default certificate; the client did not mind
        "other.test, a.test, b.test, true",
        "'',     a.test, b.test,   false", // no SNI, nothing to compare with
        "a.test, '',     b.test,   false", // what the certificate says is not known
        "a.test, a.test, '',       false", // no host
    })
    void aHostThatNeitherSniNorTheCertificateNamesIsMisdirected(
            String serverName, String certificateName, String host, boolean misdirected) {
        TlsConnection tls = new TlsConnection(
                "TLSv1.3",
                "TLS_AES_128_GCM_SHA256",
                serverName.isEmpty() ? null : serverName,
                certificateName.isEmpty() ? List.of() : List.of(certificateName),
                null);

        assertThat(tls.isMisdirected(host)).isEqualTo(misdirected);
    }

    @Test
    void aClientThatShowedACertificateHasBeenVerified() {
        TlsConnection without = new TlsConnection("TLSv1.3", "", null, List.of(), null);
        TlsConnection with = new TlsConnection("TLSv1.3", "", null, List.of(), ClientCertificate.ofSubject("CN=alice"));

        assertThat(without.clientVerify()).isEqualTo("NONE");
        assertThat(with.clientVerify()).isEqualTo("SUCCESS");
    }
}
