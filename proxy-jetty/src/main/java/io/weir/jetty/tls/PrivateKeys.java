package io.weir.jetty.tls;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.List;
import javax.crypto.BadPaddingException;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import org.jspecify.annotations.Nullable;

/** The encodings of private keys. The JDK reads PKCS#8; the older ones are wrapped in it (RFC 5208 §5). */
final class PrivateKeys {
    private static final List<String> ALGORITHMS = List.of("RSA", "EC", "RSASSA-PSS", "EdDSA");

    /** INTEGER 0: the version that PKCS#8 begins with. */
    private static final byte[] VERSION = {2, 1, 0};

    /** SEQUENCE of rsaEncryption (1.2.840.113549.1.1.1) and NULL. */
    private static final byte[] RSA = {
        0x30, 13, 6, 9, 0x2A, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xF7, 13, 1, 1, 1, 5, 0
    };

    /** ecPublicKey (1.2.840.10045.2.1). */
    private static final byte[] EC = {6, 7, 0x2A, (byte) 0x86, 0x48, (byte) 0xCE, 0x3D, 2, 1};

    private static final int SEQUENCE = 0x30;
    private static final int OCTET_STRING = 4;

    /** The password does not open the key. */
    static final class WrongPassword extends GeneralSecurityException {
        private static final long serialVersionUID = 1L;

        WrongPassword(Throwable cause) {
            super("wrong password", cause);
        }
    }

    private PrivateKeys() {}

    /** {@code PRIVATE KEY}. */
    static PrivateKey pkcs8(byte[] der) throws GeneralSecurityException {
        PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(der);
        InvalidKeySpecException problem = null;
        for (String algorithm : ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(spec);
            } catch (InvalidKeySpecException e) {
                problem = e; // another algorithm's, or malformed
            }
        }
        throw new InvalidKeySpecException("malformed, or neither RSA, EC nor EdDSA", problem);
    }

    /** {@code RSA PRIVATE KEY} (RFC 8017 §A.1.2). */
    static PrivateKey pkcs1(byte[] der) throws GeneralSecurityException {
        return pkcs8(tagged(SEQUENCE, VERSION, RSA, tagged(OCTET_STRING, der)));
    }

    /**
     * {@code EC PRIVATE KEY} (RFC 5915 §3).
     *
     * @param curve the curve where it stands in a block before; null to look for it in the key
     */
    static PrivateKey sec1(byte[] der, byte @Nullable [] curve) throws GeneralSecurityException {
        byte[] named = DerFields.contextField(der, 0);
        byte[] parameters = named != null ? named : curve;
        if (parameters == null) {
            throw new InvalidKeySpecException("it does not say its curve");
        }
        return pkcs8(tagged(SEQUENCE, VERSION, tagged(SEQUENCE, EC, parameters), tagged(OCTET_STRING, der)));
    }

    /** {@code ENCRYPTED PRIVATE KEY}: PKCS#8 by PBES2, or by what the JDK has of PBES1. */
    static PrivateKey encrypted(byte[] der, String password) throws GeneralSecurityException {
        PBEKeySpec secret = new PBEKeySpec(password.toCharArray());
        byte[] opened;
        try {
            EncryptedPrivateKeyInfo info = new EncryptedPrivateKeyInfo(der);
            // The name of PBES2 says nothing; its parameters say hash and cipher.
            String algorithm =
                    info.getAlgParameters() == null || !info.getAlgName().startsWith("PBES2")
                            ? info.getAlgName()
                            : info.getAlgParameters().toString();
            Cipher cipher = Cipher.getInstance(algorithm);
            cipher.init(
                    Cipher.DECRYPT_MODE,
                    SecretKeyFactory.getInstance(algorithm).generateSecret(secret),
                    info.getAlgParameters());
            opened = cipher.doFinal(info.getEncryptedData());
        } catch (BadPaddingException | InvalidKeyException e) {
            throw new WrongPassword(e);
        } catch (IOException | NoSuchAlgorithmException e) {
            throw new InvalidKeySpecException(
                    "it is encrypted in a way that this JDK does not read: " + e.getMessage()
                            + "; convert it with openssl pkcs8 -topk8 -v2 aes256 -in <this file> -out <another>",
                    e);
        } finally {
            secret.clearPassword();
        }
        try {
            return pkcs8(opened);
        } catch (InvalidKeySpecException e) {
            throw opened.length > 0 && opened[0] == SEQUENCE ? e : new WrongPassword(e);
        }
    }

    private static byte[] tagged(int tag, byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int length = 0;
        for (byte[] part : parts) {
            length += part.length;
        }
        out.write(tag);
        if (length < 0x80) {
            out.write(length);
        } else {
            int bytes = length < 0x100 ? 1 : length < 0x10000 ? 2 : 3;
            out.write(0x80 | bytes);
            for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
                out.write(length >> shift);
            }
        }
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }
}
