package io.weir.upstream;

import io.weir.http.Cookies;
import io.weir.http.Headers;
import io.weir.http.ResponseHead;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/** A pool's {@link Stickiness} at work: which upstream holds which session. Guarded by the pool's lock. */
final class Sessions {
    private static final int ID_BYTES = 16;

    private final Stickiness stickiness;
    private final LearnedSessions learned;
    private final Map<String, UpstreamState> byId = new HashMap<>();
    private final Map<UpstreamState, String> ids = new HashMap<>();

    /** @param before sessions to go on with, if they are of the same kind */
    Sessions(UpstreamPool pool, Collection<UpstreamState> states, @Nullable Sessions before) {
        stickiness = pool.stickiness();
        learned = before != null && before.stickiness.equals(stickiness)
                ? before.learned
                : new LearnedSessions(stickiness.capacity(), stickiness.idle().toNanos());
        if (stickiness.isOff() || stickiness.isLearned()) {
            return;
        }
        for (UpstreamState state : states) {
            String id = id(pool.name(), state.upstream().url());
            byId.put(id, state);
            ids.put(state, id);
        }
    }

    boolean areOff() {
        return stickiness.isOff();
    }

    boolean isStrict() {
        return stickiness.isStrict();
    }

    /** The upstream of the request's session, whether it can serve or not; null if there is no session. Changes nothing. */
    @Nullable
    UpstreamState holder(Headers request, long now) {
        String session = read(request);
        if (session == null) {
            return null;
        }
        return stickiness.isLearned() ? learned.holder(session, now) : byId.get(session);
    }

    /** The answer of that upstream as the client gets it: it tells of the session where it is Weir who issues it. */
    ResponseHead answered(UpstreamState state, Headers request, ResponseHead head, long now) {
        if (stickiness.isLearned()) {
            learn(state, request, head.headers(), now);
            return head;
        }
        String id = ids.get(state);
        if (id == null || id.equals(read(request))) {
            return head;
        }
        Headers.Builder fields = head.headers().toBuilder();
        if (stickiness.isCookie()) {
            fields.add("Set-Cookie", stickiness.setCookie(id));
        } else {
            fields.set(stickiness.name(), id);
        }
        return head.withHeaders(fields.build());
    }

    private void learn(UpstreamState state, Headers request, Headers response, long now) {
        String issued = stickiness.isCookie() ? setCookie(response) : response.get(stickiness.name());
        if (issued != null && !issued.isEmpty()) {
            learned.put(issued, state, now);
            return;
        }
        String session = read(request);
        // Only a session that is known can move: clients could fill the table with others.
        if (session != null && learned.holder(session, now) != null) {
            learned.put(session, state, now);
        }
    }

    private @Nullable String read(Headers request) {
        return stickiness.isCookie() ? Cookies.first(request, stickiness.name()) : request.get(stickiness.name());
    }

    private @Nullable String setCookie(Headers response) {
        for (String line : response.all("Set-Cookie")) {
            int equals = line.indexOf('=');
            if (equals > 0 && line.substring(0, equals).strip().equalsIgnoreCase(stickiness.name())) {
                int semicolon = line.indexOf(';', equals);
                return line.substring(equals + 1, semicolon < 0 ? line.length() : semicolon)
                        .strip();
            }
        }
        return null;
    }

    /** Names the pool too: what one pool issued means nothing to another. */
    private String id(String pool, String url) {
        try {
            Mac hmac = Mac.getInstance("HmacSHA256");
            hmac.init(new SecretKeySpec(stickiness.key(), "HmacSHA256"));
            byte[] hash = hmac.doFinal((pool + "\0" + url).getBytes(StandardCharsets.UTF_8));
            return Base64.getUrlEncoder().withoutPadding().encodeToString(Arrays.copyOf(hash, ID_BYTES));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has HmacSHA256", e);
        }
    }
}
