package io.weir.jetty.tls;

import java.security.spec.InvalidKeySpecException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** As much of ASN.1 DER (X.690) as finding one field of a SEQUENCE takes. */
final class DerFields {
    private static final int SEQUENCE = 0x30;
    private static final int CONTEXT = 0xA0;

    private final byte[] der;
    private int at;

    private DerFields(byte[] der) {
        this.der = der;
    }

    /** The content of the field {@code [number]} of the SEQUENCE that {@code der} is; null if it has none. */
    static byte @Nullable [] contextField(byte[] der, int number) throws InvalidKeySpecException {
        DerFields fields = new DerFields(der);
        if (fields.next() != SEQUENCE) {
            throw new InvalidKeySpecException("malformed");
        }
        int end = fields.length() + fields.at;
        while (fields.at < end) {
            int tag = fields.next();
            int length = fields.length();
            if (tag == CONTEXT + number) {
                return Arrays.copyOfRange(der, fields.at, fields.at + length);
            }
            fields.at += length;
        }
        return null;
    }

    private int length() throws InvalidKeySpecException {
        int length = next();
        if (length >= 0x80) {
            int bytes = length & 0x7F;
            length = 0;
            for (int i = 0; i < bytes && i < 4; i++) {
                length = length << 8 | next();
            }
        }
        if (length < 0 || length > der.length - at) {
            throw new InvalidKeySpecException("cut off");
        }
        return length;
    }

    private int next() throws InvalidKeySpecException {
        if (at == der.length) {
            throw new InvalidKeySpecException("cut off");
        }
        return der[at++] & 0xFF;
    }
}
