package io.weir.body;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Replaces texts in responses (nginx {@code sub_filter}), wherever chunks begin and end. As in nginx upper and lower case of
 * ASCII letters are the same, unless {@link #exactCase}, and only {@code text/html} is touched, unless {@link #types} says
 * other. Unlike there every occurrence is replaced, unless {@link #once}. The first place where one is found counts; at the
 * same place the pair that was named first. Replacements are not searched again.
 *
 * <p>Texts are compared as UTF-8. A body in a content coding is left alone: upstreams are not asked for any, unless
 * {@link Gzipped#responses} stands around this. Immutable.
 */
public final class TextReplacement implements ResponseTransform {
    /** What is looked for, and what takes its place. */
    record Pair(byte[] text, byte[] replacement) {}

    private final List<Pair> pairs;
    private final boolean once;
    private final boolean exactCase;
    private final MediaTypes types;

    private TextReplacement(List<Pair> pairs, boolean once, boolean exactCase, MediaTypes types) {
        this.pairs = pairs;
        this.once = once;
        this.exactCase = exactCase;
        this.types = types;
    }

    /**
     * Puts {@code replacement} in place of {@code text}.
     *
     * @throws IllegalArgumentException if {@code text} is empty
     */
    public static TextReplacement of(String text, String replacement) {
        return new TextReplacement(List.of(), false, false, new MediaTypes("text/html")).and(text, replacement);
    }

    /** Another pair beside those that are there. */
    public TextReplacement and(String text, String replacement) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("replacement: \"\" (expected: a text to look for)");
        }
        List<Pair> all = new ArrayList<>(pairs);
        all.add(new Pair(text.getBytes(UTF_8), replacement.getBytes(UTF_8)));
        return new TextReplacement(List.copyOf(all), once, exactCase, types);
    }

    /** Only the first occurrence of each text (nginx {@code sub_filter_once on}, its default). */
    public TextReplacement once() {
        return new TextReplacement(pairs, true, exactCase, types);
    }

    /** {@code a} is not {@code A}. */
    public TextReplacement exactCase() {
        return new TextReplacement(pairs, once, true, types);
    }

    /** In bodies of these media types, {@code type/*} allowed (nginx {@code sub_filter_types}). */
    public TextReplacement types(String... types) {
        return new TextReplacement(pairs, once, exactCase, new MediaTypes(types));
    }

    @Override
    public @Nullable BodyTransformer engage(RequestHead request, ResponseHead response) {
        String coding = response.headers().joined("Content-Encoding");
        boolean plain = coding == null || coding.equalsIgnoreCase("identity");
        return plain && types.contain(MediaTypes.of(response.headers())) ? new Replacer(pairs, once, exactCase) : null;
    }

    @Override
    public boolean reads(String coding) {
        return false;
    }

    /** How many texts, and where. */
    @Override
    public String toString() {
        return "replacement of " + pairs.size() + " texts in " + types;
    }
}
