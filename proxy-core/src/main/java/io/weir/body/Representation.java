package io.weir.body;

import io.weir.http.Headers;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The fields that speak of a body: what becomes of them once its bytes are others. */
public final class Representation {
    /** Each says something of the exact bytes, or offers parts of them. */
    private static final String[] OF_BYTES = {
        "Content-Length", "Content-MD5", "Digest", "Content-Digest", "Repr-Digest", "Accept-Ranges"
    };

    private Representation() {}

    /** Without those that speak of exact bytes; a strong {@code ETag} becomes weak (RFC 9110 §8.8.1). */
    public static Headers changed(Headers fields) {
        Headers.Builder changed = fields.toBuilder();
        for (String name : OF_BYTES) {
            changed.remove(name);
        }
        String tag = changed.get("ETag");
        if (tag != null && tag.startsWith("\"")) {
            changed.set("ETag", "W/" + tag);
        }
        return changed.build();
    }

    /** Says that the response depends on {@code Accept-Encoding}, unless it does say so. */
    public static Headers varying(Headers fields) {
        if (fields.containsToken("Vary", "Accept-Encoding") || fields.containsToken("Vary", "*")) {
            return fields;
        }
        return fields.toBuilder().add("Vary", "Accept-Encoding").build();
    }

    /** A request's fields that accept only what all these transforms can read; without them, and where none is named, as is. */
    public static Headers readable(Headers fields, List<ResponseTransform> transforms) {
        return transforms.isEmpty()
                ? fields
                : AcceptEncoding.restricted(
                        fields, coding -> transforms.stream().allMatch(transform -> transform.reads(coding)));
    }

    /** With that coding; null: with none. */
    static Headers encoded(Headers fields, @Nullable String coding) {
        return coding == null ? fields.without("Content-Encoding") : fields.with("Content-Encoding", coding);
    }
}
