package io.weir.jetty.tls;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * The certificates of a listener, and which one a client is shown: the one for exactly the name that it asks for, else one
 * with a wildcard for it, else the default. The default is the first. A name may have several, with different kinds of
 * keys: the client's abilities decide among them, and never make it see another name's.
 *
 * <p>As the JDK's key manager its aliases are the numbers of the certificates.
 */
final class Credentials extends X509ExtendedKeyManager {
    private final List<Credential> all;
    private final Map<String, List<Integer>> byName = new HashMap<>();
    private final List<Integer> defaults = new ArrayList<>();
    private final boolean refusesUnknownNames;

    /** At least one. */
    Credentials(List<Credential> all, boolean refusesUnknownNames) {
        this.all = List.copyOf(all);
        this.refusesUnknownNames = refusesUnknownNames;
        for (int i = 0; i < all.size(); i++) {
            for (String name : all.get(i).names()) {
                byName.computeIfAbsent(name, unused -> new ArrayList<>(1)).add(i);
            }
            if (i == 0 || all.get(i).names().equals(all.get(0).names())) {
                defaults.add(i); // the same names with another kind of key
            }
        }
    }

    List<Credential> all() {
        return all;
    }

    /** Whether one is for that name, which is in lower case. */
    boolean isKnown(String serverName) {
        return !of(serverName).isEmpty();
    }

    /** The name that the client asks for, in lower case; null if for none. */
    static @Nullable String serverName(@Nullable SSLSession session) {
        if (!(session instanceof ExtendedSSLSession extended)) {
            return null;
        }
        List<SNIServerName> names;
        try {
            names = extended.getRequestedServerNames();
        } catch (UnsupportedOperationException e) {
            return null;
        }
        for (SNIServerName name : names) {
            if (name instanceof SNIHostName host) {
                return host.getAsciiName().toLowerCase(Locale.ROOT);
            }
        }
        return null;
    }

    @Override
    public @Nullable String chooseEngineServerAlias(
            String keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
        String asked = engine == null ? null : serverName(engine.getHandshakeSession());
        List<Integer> candidates = asked == null ? List.of() : of(asked);
        if (candidates.isEmpty()) {
            // Who asks for an unknown name has got its alert already; this is for who asks for none.
            candidates = refusesUnknownNames ? List.of() : defaults;
        }
        for (int candidate : candidates) {
            if (all.get(candidate).keyType().equals(keyType)) {
                return Integer.toString(candidate);
            }
        }
        return null;
    }

    @Override
    public X509Certificate @Nullable [] getCertificateChain(@Nullable String alias) {
        return alias == null ? null : all.get(Integer.parseInt(alias)).chain().toArray(X509Certificate[]::new);
    }

    @Override
    public @Nullable PrivateKey getPrivateKey(@Nullable String alias) {
        return alias == null ? null : all.get(Integer.parseInt(alias)).key();
    }

    // What only sockets and clients ask for.

    @Override
    public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
        return null;
    }

    @Override
    public @Nullable String chooseServerAlias(String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return null;
    }

    @Override
    public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
        return null;
    }

    @Override
    public @Nullable String chooseClientAlias(
            String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return null;
    }

    private List<Integer> of(String serverName) {
        List<Integer> exact = byName.get(serverName);
        if (exact != null) {
            return exact;
        }
        int dot = serverName.indexOf('.');
        return dot < 1 ? List.of() : byName.getOrDefault("*" + serverName.substring(dot), List.of());
    }
}
