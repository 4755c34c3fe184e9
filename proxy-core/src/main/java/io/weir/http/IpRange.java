package io.weir.http;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A block of IP addresses in CIDR notation: {@code 10.0.0.0/8}, {@code 2001:db8::/32}, or one address. IPv4-mapped IPv6
 * addresses ({@code ::ffff:10.0.0.1}) count as the IPv4 address they carry. Names are never resolved.
 */
public final class IpRange {
    private final byte[] network;
    private final int prefixLength;

    private IpRange(byte[] network, int prefixLength) {
        this.network = network;
        this.prefixLength = prefixLength;
    }

    /**
     * Reads {@code address} or {@code address/prefixLength}. Bits beyond the prefix are ignored, as in nginx.
     *
     * @throws IllegalArgumentException if it is neither
     */
    public static IpRange parse(String text) {
        int slash = text.indexOf('/');
        InetAddress address = parseAddress(slash < 0 ? text : text.substring(0, slash));
        if (address == null) {
            throw new IllegalArgumentException(
                    "ip range: \"" + Text.escape(text) + "\" (expected: an address such as 10.0.0.1, or a CIDR block"
                            + " such as 10.0.0.0/8 or 2001:db8::/32)");
        }
        byte[] network = address.getAddress();
        int bits = 8 * network.length;
        boolean mapped = bits == 32 && text.indexOf(':') >= 0;
        int prefixLength = slash < 0 ? bits : parsePrefixLength(text, slash + 1, mapped ? 96 : 0, bits);
        for (int bit = prefixLength; bit < bits; bit++) {
            network[bit / 8] &= (byte) ~(0x80 >> bit % 8);
        }
        return new IpRange(network, prefixLength);
    }

    /** Whether the address lies in this block. */
    public boolean contains(InetAddress address) {
        byte[] bytes = bytes(address);
        if (bytes.length != network.length) {
            return false;
        }
        int whole = prefixLength / 8;
        for (int i = 0; i < whole; i++) {
            if (bytes[i] != network[i]) {
                return false;
            }
        }
        int rest = prefixLength % 8;
        return rest == 0 || (bytes[whole] & (0xFF << 8 - rest) & 0xFF) == (network[whole] & 0xFF);
    }

    /** Whether this block holds every address of its family. */
    public boolean isEverything() {
        return prefixLength == 0;
    }

    /**
     * An address from its literal form, or null if the text is none. An IPv6 literal may stand in brackets; zone ids are
     * refused; an IPv4 address has four decimal parts.
     */
    public static @Nullable InetAddress parseAddress(String text) {
        String literal = text;
        boolean bracketed = text.startsWith("[") && text.endsWith("]");
        if (bracketed) {
            literal = text.substring(1, text.length() - 1);
        }
        byte[] bytes = literal.indexOf(':') >= 0 ? parseIpv6(literal) : bracketed ? null : parseIpv4(literal);
        if (bytes == null) {
            return null;
        }
        try {
            return InetAddress.getByAddress(bytes); // turns an IPv4-mapped address into IPv4
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    /** The literal form of an address, IPv6 compressed as in RFC 5952. */
    public static String format(InetAddress address) {
        byte[] bytes = bytes(address);
        if (bytes.length == 4) {
            return (bytes[0] & 0xFF) + "." + (bytes[1] & 0xFF) + "." + (bytes[2] & 0xFF) + "." + (bytes[3] & 0xFF);
        }
        int[] groups = new int[8];
        for (int i = 0; i < 8; i++) {
            groups[i] = (bytes[2 * i] & 0xFF) << 8 | bytes[2 * i + 1] & 0xFF;
        }
        int bestStart = -1;
        int bestLength = 1; // RFC 5952 §4.2.2: one zero group alone is not shortened
        for (int i = 0; i < 8; i++) {
            int end = i;
            while (end < 8 && groups[end] == 0) end++;
            if (end - i > bestLength) {
                bestStart = i;
                bestLength = end - i;
            }
            i = Math.max(i, end - 1);
        }
        StringBuilder text = new StringBuilder(39);
        for (int i = 0; i < 8; i++) {
            if (i == bestStart) {
                text.append("::");
                i += bestLength - 1;
                continue;
            }
            if (text.length() > 0 && text.charAt(text.length() - 1) != ':') {
                text.append(':');
            }
            text.append(Integer.toHexString(groups[i]));
        }
        return text.toString();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof IpRange that
                && prefixLength == that.prefixLength
                && Arrays.equals(network, that.network);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(network) + prefixLength;
    }

    @Override
    public String toString() {
        try {
            return format(InetAddress.getByAddress(network)) + "/" + prefixLength;
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    /** The prefix length; of an IPv4-mapped block, which starts with 96 fixed bits, that of the IPv4 block. */
    private static int parsePrefixLength(String text, int from, int fixed, int bits) {
        int value = parseDecimal(text, from, text.length(), 128);
        if (value < fixed || value > fixed + bits) {
            throw new IllegalArgumentException("ip range: \"" + Text.escape(text) + "\": prefix length (expected: "
                    + fixed + ".." + (fixed + bits) + ")");
        }
        return value - fixed;
    }

    /** Four bytes of IPv4, IPv4-mapped IPv6 included, or sixteen of IPv6. */
    private static byte[] bytes(InetAddress address) {
        byte[] bytes = address.getAddress();
        if (bytes.length == 4 || bytes[10] != -1 || bytes[11] != -1) {
            return bytes;
        }
        for (int i = 0; i < 10; i++) {
            if (bytes[i] != 0) {
                return bytes;
            }
        }
        return Arrays.copyOfRange(bytes, 12, 16);
    }

    private static byte @Nullable [] parseIpv4(String text) {
        byte[] bytes = new byte[4];
        int at = 0;
        for (int part = 0; part < 4; part++) {
            int dot = part < 3 ? text.indexOf('.', at) : text.length();
            int value = dot < 0 ? -1 : parseDecimal(text, at, dot, 255);
            if (value < 0) {
                return null;
            }
            bytes[part] = (byte) value;
            at = dot + 1;
        }
        return bytes;
    }

    private static byte @Nullable [] parseIpv6(String text) {
        byte[] bytes = new byte[16];
        int filled = 0;
        int gap = -1;
        int at = 0;
        if (text.startsWith("::")) {
            gap = 0;
            at = 2;
        }
        while (at < text.length()) {
            int colon = text.indexOf(':', at);
            int end = colon < 0 ? text.length() : colon;
            if (colon < 0 && text.indexOf('.', at) >= 0) {
                byte[] tail = parseIpv4(text.substring(at));
                if (tail == null || filled > 12) {
                    return null;
                }
                System.arraycopy(tail, 0, bytes, filled, 4);
                filled += 4;
                break;
            }
            int group = parseHex(text, at, end);
            if (group < 0 || filled > 14) {
                return null;
            }
            bytes[filled++] = (byte) (group >> 8);
            bytes[filled++] = (byte) group;
            at = end + 1;
            if (colon >= 0 && at == text.length()) {
                return null; // a single colon at the end
            }
            if (at < text.length() && text.charAt(at) == ':') {
                if (gap >= 0) {
                    return null;
                }
                gap = filled;
                at++;
            }
        }
        if (gap < 0) {
            return filled == 16 ? bytes : null;
        }
        if (filled > 14) {
            return null;
        }
        byte[] spread = new byte[16];
        System.arraycopy(bytes, 0, spread, 0, gap);
        System.arraycopy(bytes, gap, spread, 16 - (filled - gap), filled - gap);
        return spread;
    }

    private static int parseDecimal(String text, int from, int to, int max) {
        if (from >= to || to - from > 3 || (text.charAt(from) == '0' && to - from > 1)) {
            return -1;
        }
        int value = 0;
        for (int i = from; i < to; i++) {
            int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                return -1;
            }
            value = 10 * value + digit;
        }
        return value > max ? -1 : value;
    }

    private static int parseHex(String text, int from, int to) {
        if (from >= to || to - from > 4) {
            return -1;
        }
        int value = 0;
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            int digit = c < 128 ? Character.digit(c, 16) : -1;
            if (digit < 0) {
                return -1;
            }
            value = value << 4 | digit;
        }
        return value;
    }
}
