package io.weir.jetty.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.UnrecoverableKeyException;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Makes credentials of what the files held. What can't be used is an {@link IllegalArgumentException} naming the file. */
final class CredentialFiles {
    private CredentialFiles() {}

    /** Of all sources, in order. */
    static List<Credential> credentials(TlsSettings settings, TlsFiles files) {
        List<Credential> all = new ArrayList<>();
        for (TlsSettings.Source source : settings.sources()) {
            if (source instanceof TlsSettings.Source.PemFiles pem) {
                all.add(of(pem, files));
            } else if (source instanceof TlsSettings.Source.Store store) {
                all.addAll(of(store, files));
            }
        }
        return all;
    }

    private static Credential of(TlsSettings.Source.PemFiles pem, TlsFiles files) {
        List<X509Certificate> chain = files.pem(pem.chain()).certificates();
        PrivateKey key = files.pem(pem.key()).privateKey(pem.password());
        Pem.checkPair(pem.chain(), chain.get(0), pem.key(), key);
        return Credential.of(chain, key);
    }

    private static List<Credential> of(TlsSettings.Source.Store source, TlsFiles files) {
        Path file = source.file();
        char[] password = source.password().toCharArray();
        List<Credential> found = new ArrayList<>();
        try {
            KeyStore store = opened(file, files.content(file), password);
            for (String alias : Collections.list(store.aliases())) {
                Key key = store.isKeyEntry(alias) ? store.getKey(alias, password) : null;
                Certificate[] chain = store.getCertificateChain(alias);
                if (key instanceof PrivateKey itsKey && chain != null && chain.length > 0) {
                    List<X509Certificate> certificates = new ArrayList<>();
                    for (Certificate certificate : chain) {
                        certificates.add((X509Certificate) certificate);
                    }
                    found.add(Credential.of(certificates, itsKey));
                }
            }
        } catch (UnrecoverableKeyException e) {
            throw Pem.unusable(file, "a key in it has another password than the store; give it the store's", e);
        } catch (GeneralSecurityException e) {
            throw Pem.unusable(file, "it is no key store that can be used (" + e.getMessage() + ")", e);
        }
        if (found.isEmpty()) {
            throw Pem.unusable(file, "it holds no private key with its certificate; put one in", null);
        }
        return found;
    }

    private static KeyStore opened(Path file, byte[] content, char[] password) throws GeneralSecurityException {
        boolean isJks = content.length > 1 && content[0] == (byte) 0xFE && content[1] == (byte) 0xED;
        KeyStore store = KeyStore.getInstance(isJks ? "JKS" : "PKCS12");
        try {
            store.load(new ByteArrayInputStream(content), password);
            return store;
        } catch (IOException e) {
            String why = e.getCause() instanceof UnrecoverableKeyException
                    ? "the password is not that of the store"
                    : "it is no key store that can be read (" + e.getMessage() + "); expected: PKCS12 or JKS";
            throw Pem.unusable(file, why, e);
        }
    }
}
