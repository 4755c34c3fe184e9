package io.weir;

import io.weir.header.FieldChange;
import io.weir.http.Headers;
import io.weir.route.WebSocketPolicy;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The fields for an upstream: what header policies make of them, and then what no policy decides about. */
final class UpstreamFields {
    private UpstreamFields() {}

    /**
     * The fields as an upstream gets them.
     *
     * @param byPolicy as header policies leave them
     * @param upgrade the protocol that is asked for; null for none
     * @param changes is told what is different now, and why; null if nobody wants to know
     */
    static Headers of(RoutePlan plan, Headers byPolicy, @Nullable String upgrade, @Nullable List<FieldChange> changes) {
        Headers fields = byPolicy;
        BodyPlan bodies = plan.bodies();
        if (bodies != null) {
            fields = noted(changes, fields, bodies.asked(fields), "the route looks into bodies of responses");
        }
        if (plan.collectsBodies()) {
            // The client was told to continue long ago.
            fields = noted(changes, fields, fields.without("Expect"), "the request is buffered");
        }
        if (upgrade != null) {
            fields = noted(changes, fields, asking(fields, upgrade), "the route lets " + upgrade + " through");
        }
        WebSocketPolicy policy = plan.bridged(upgrade);
        return policy == null
                ? fields
                : noted(changes, fields, Handshake.toUpstream(fields, policy), "the route watches over its WebSockets");
    }

    private static Headers asking(Headers fields, String upgrade) {
        return fields.toBuilder()
                .remove("TE") // Connection would have to name it, too
                .add("Connection", "Upgrade")
                .add("Upgrade", upgrade)
                .build();
    }

    private static Headers noted(@Nullable List<FieldChange> changes, Headers before, Headers after, String reason) {
        if (changes != null) {
            changes.addAll(FieldChange.between(before, after, reason));
        }
        return after;
    }
}
