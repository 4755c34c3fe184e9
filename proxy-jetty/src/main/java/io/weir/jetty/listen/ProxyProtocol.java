package io.weir.jetty.listen;

import io.weir.http.ClientCertificate;
import io.weir.http.IpRange;
import io.weir.http.Text;
import io.weir.http.TlsConnection;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The header by which a proxy in front of us tells whose connection it passes on: HAProxy's PROXY protocol, versions 1 and
 * 2. Strict: what two readers could take differently is malformed, and names are never resolved.
 *
 * @param client the client's end; null where the connection is the proxy's own (LOCAL, UNKNOWN, UNSPEC)
 * @param server the end that the client has connected to; null with it
 * @param isUnix whether the client came over a Unix-domain socket, which has no addresses
 * @param tls what the proxy tells of TLS with the client; null if that was none, or it does not tell
 */
record ProxyProtocol(
        @Nullable InetSocketAddress client,
        @Nullable InetSocketAddress server,
        boolean isUnix,
        @Nullable TlsConnection tls) {

    /** A header of version 2 may be so long; that of version 1 is 107 bytes at most. */
    static final int LIMIT = 4096;

    private static final byte[] SIGNATURE = {13, 10, 13, 10, 0, 13, 10, 'Q', 'U', 'I', 'T', 10};
    private static final int FIXED = 16;
    private static final int LONGEST_LINE = 107;
    private static final ProxyProtocol OWN = new ProxyProtocol(null, null, false, null);

    private static final int TLV_AUTHORITY = 0x02;
    private static final int TLV_SSL = 0x20;
    private static final int TLV_SSL_VERSION = 0x21;
    private static final int TLV_SSL_CN = 0x22;
    private static final int TLV_SSL_CIPHER = 0x23;
    private static final int CLIENT_SSL = 0x01;
    private static final int CLIENT_CERTIFICATE = 0x02 | 0x04; // on this connection, or in the session resumed

    /**
     * Reads a header off those bytes.
     *
     * @return null if it is not whole yet; nothing is consumed then
     * @throws IOException if it is none
     */
    static @Nullable ProxyProtocol read(ByteBuffer bytes) throws IOException {
        if (bytes.get(bytes.position()) == 'P') {
            return readLine(bytes);
        }
        for (int i = 0; i < Math.min(SIGNATURE.length, bytes.remaining()); i++) {
            if (bytes.get(bytes.position() + i) != SIGNATURE[i]) {
                throw new IOException("no PROXY header");
            }
        }
        if (bytes.remaining() < FIXED) {
            return null;
        }
        int length = bytes.getShort(bytes.position() + 14) & 0xFFFF;
        if (FIXED + length > LIMIT) {
            throw new IOException("PROXY header of " + length + " bytes");
        }
        if (bytes.remaining() < FIXED + length) {
            return null;
        }
        ByteBuffer header = bytes.slice(bytes.position(), FIXED + length);
        bytes.position(bytes.position() + FIXED + length);
        return readBinary(header);
    }

    // ---- version 1 ----

    private static @Nullable ProxyProtocol readLine(ByteBuffer bytes) throws IOException {
        int limit = Math.min(bytes.remaining(), LONGEST_LINE);
        for (int i = 0; i < limit; i++) {
            if (bytes.get(bytes.position() + i) == '\n') {
                byte[] line = new byte[i + 1];
                bytes.get(line);
                return parsed(new String(line, StandardCharsets.ISO_8859_1));
            }
        }
        if (limit == LONGEST_LINE) {
            throw new IOException("PROXY line without an end");
        }
        return null;
    }

    private static ProxyProtocol parsed(String line) throws IOException {
        if (!line.endsWith("\r\n")) {
            throw new IOException("PROXY line that ends in a bare LF");
        }
        String[] words = line.substring(0, line.length() - 2).split(" ", -1);
        if (!words[0].equals("PROXY") || words.length < 2) {
            throw new IOException("no PROXY header");
        }
        if (words[1].equals("UNKNOWN")) {
            return OWN;
        }
        boolean ipv6 = words[1].equals("TCP6");
        if (words.length != 6 || !(ipv6 || words[1].equals("TCP4"))) {
            throw new IOException("PROXY line malformed");
        }
        return new ProxyProtocol(end(words[2], words[4], ipv6), end(words[3], words[5], ipv6), false, null);
    }

    private static InetSocketAddress end(String address, String port, boolean ipv6) throws IOException {
        InetAddress parsed = IpRange.parseAddress(address);
        boolean isPort = port.matches("0|[1-9][0-9]{0,4}") && Integer.parseInt(port) <= 65535;
        if (parsed == null || !isPort || address.startsWith("[") || ipv6 != address.indexOf(':') >= 0) {
            throw new IOException("PROXY line with the address " + Text.escape(address + ":" + port));
        }
        return new InetSocketAddress(parsed, Integer.parseInt(port));
    }

    // ---- version 2 ----

    private static ProxyProtocol readBinary(ByteBuffer header) throws IOException {
        int command = header.get(12) & 0xFF;
        int family = header.get(13) & 0xFF;
        header.position(FIXED);
        if (command == 0x20) {
            return OWN; // a health check of the proxy's own
        }
        if (command != 0x21) {
            throw new IOException("PROXY header of version and command 0x" + Integer.toHexString(command));
        }
        return switch (family) {
            case 0x00 -> OWN;
            case 0x11 -> ends(header, 4);
            case 0x21 -> ends(header, 16);
            case 0x31 -> {
                skip(header, 216);
                yield new ProxyProtocol(null, null, true, tls(header));
            }
            default -> throw new IOException("PROXY header of family 0x" + Integer.toHexString(family));
        };
    }

    private static ProxyProtocol ends(ByteBuffer header, int size) throws IOException {
        if (header.remaining() < 2 * size + 4) {
            throw new IOException("PROXY header too short");
        }
        byte[] client = new byte[size];
        byte[] server = new byte[size];
        header.get(client).get(server);
        int clientPort = header.getChar();
        int serverPort = header.getChar();
        return new ProxyProtocol(
                new InetSocketAddress(InetAddress.getByAddress(client), clientPort),
                new InetSocketAddress(InetAddress.getByAddress(server), serverPort),
                false,
                tls(header));
    }

    private static @Nullable TlsConnection tls(ByteBuffer values) throws IOException {
        boolean isTls = false;
        String protocol = "";
        String cipher = "";
        String authority = null;
        ClientCertificate client = null;
        while (values.hasRemaining()) {
            if (values.remaining() < 3) {
                throw new IOException("PROXY value cut off");
            }
            int type = values.get() & 0xFF;
            int end = values.getChar() + values.position();
            if (end > values.limit()) {
                throw new IOException("PROXY value cut off");
            }
            if (type == TLV_AUTHORITY) {
                authority = text(values, end).toLowerCase(Locale.ROOT);
            } else if (type == TLV_SSL && end - values.position() >= 5) {
                int flags = values.get();
                boolean verified = values.getInt() == 0 && (flags & CLIENT_CERTIFICATE) != 0;
                isTls = (flags & CLIENT_SSL) != 0;
                while (end - values.position() >= 3) {
                    int subType = values.get() & 0xFF;
                    int subEnd = values.getChar() + values.position();
                    if (subEnd > end) {
                        throw new IOException("PROXY value cut off");
                    }
                    if (subType == TLV_SSL_VERSION) {
                        protocol = text(values, subEnd);
                    } else if (subType == TLV_SSL_CIPHER) {
                        cipher = text(values, subEnd);
                    } else if (subType == TLV_SSL_CN && verified) {
                        client = ClientCertificate.ofSubject("CN=" + escaped(text(values, subEnd)));
                    }
                    values.position(subEnd);
                }
                if (verified && client == null) {
                    client = ClientCertificate.ofSubject("");
                }
            }
            values.position(end);
        }
        return isTls ? new TlsConnection(protocol, cipher, authority, List.of(), client) : null;
    }

    private static String text(ByteBuffer values, int end) {
        byte[] bytes = new byte[end - values.position()];
        values.get(bytes);
        return Text.printable(new String(bytes, StandardCharsets.UTF_8));
    }

    /** As a value in a distinguished name (RFC 2253 §2.4). */
    private static String escaped(String value) {
        return value.replaceAll("[,+\"\\\\<>;=#]", "\\\\$0");
    }

    private static void skip(ByteBuffer header, int bytes) throws IOException {
        if (header.remaining() < bytes) {
            throw new IOException("PROXY header too short");
        }
        header.position(header.position() + bytes);
    }
}
