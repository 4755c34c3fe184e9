package io.weir.http;

import java.util.ArrayList;
import java.util.List;

/** Tokens and comma-separated lists of them (RFC 9110 §5.6). */
public final class Tokens {
    private static final boolean[] TCHAR = new boolean[128];

    static {
        for (char c = '0'; c <= '9'; c++) TCHAR[c] = true;
        for (char c = 'a'; c <= 'z'; c++) TCHAR[c] = true;
        for (char c = 'A'; c <= 'Z'; c++) TCHAR[c] = true;
        for (char c : "!#$%&'*+-.^_`|~".toCharArray()) TCHAR[c] = true;
    }

    private Tokens() {}

    /** Whether {@code text} is a token: one or more letters, digits or {@code !#$%&'*+-.^_`|~}. */
    public static boolean isToken(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= 128 || !TCHAR[c]) {
                return false;
            }
        }
        return !text.isEmpty();
    }

    /** Whether a comma-separated list holds {@code token}, ignoring case and the white space around members. */
    public static boolean contains(String list, String token) {
        int length = token.length();
        int at = 0;
        while (at < list.length()) {
            int comma = list.indexOf(',', at);
            int end = comma < 0 ? list.length() : comma;
            int from = at;
            int to = end;
            while (from < to && isBlank(list.charAt(from))) from++;
            while (to > from && isBlank(list.charAt(to - 1))) to--;
            if (to - from == length && list.regionMatches(true, from, token, 0, length)) {
                return true;
            }
            at = end + 1;
        }
        return false;
    }

    /** The members of a comma-separated list, without the SP and HTAB around them, empty ones left out. */
    public static List<String> split(String list) {
        List<String> members = new ArrayList<>();
        int at = 0;
        while (at < list.length()) {
            int comma = list.indexOf(',', at);
            int end = comma < 0 ? list.length() : comma;
            String member = trim(list, at, end);
            if (!member.isEmpty()) {
                members.add(member);
            }
            at = end + 1;
        }
        return members;
    }

    /** {@code text} from {@code from} to {@code to} without the SP and HTAB around it; other white space is content. */
    public static String trim(String text, int from, int to) {
        int first = from;
        int last = to;
        while (first < last && isBlank(text.charAt(first))) first++;
        while (last > first && isBlank(text.charAt(last - 1))) last--;
        return text.substring(first, last);
    }

    private static boolean isBlank(char c) {
        return c == ' ' || c == '\t';
    }
}
