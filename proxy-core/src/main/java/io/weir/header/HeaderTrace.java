package io.weir.header;

import io.weir.http.Headers;
import io.weir.http.RequestHead;
import io.weir.http.Variables;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Follows the fields of a request through the steps of a {@link HeaderPolicy}, and says why each changed. */
final class HeaderTrace {
    private final HeaderPolicy policy;
    private final Forwarding forwarding;
    private final List<FieldChange> changes = new ArrayList<>();

    HeaderTrace(HeaderPolicy policy, Forwarding forwarding) {
        this.policy = policy;
        this.forwarding = forwarding;
    }

    List<FieldChange> changes() {
        return changes;
    }

    /** What a client's request loses before anybody else sees it. */
    void sanitised(RequestHead asSent) {
        Headers in = asSent.headers();
        Headers out = policy.sanitised(asSent, forwarding).headers();
        Set<String> nominated = HopByHopHeaders.nominated(in);
        for (FieldChange change : FieldChange.between(in, out, "")) {
            changes.add(new FieldChange(
                    change.name(), change.before(), change.after(), whySanitised(change.name(), nominated)));
        }
    }

    private String whySanitised(String name, Set<String> nominated) {
        if (HopByHopHeaders.isHopByHop(name)) {
            return "it belongs to the client's connection (RFC 9110 §7.6.1)";
        }
        Forwarding claims = policy.claims(forwarding);
        if (claims != null && ForwardedHeaders.isForwarding(name) && !claims.vouchesFor(name)) {
            String peer = forwarding.peer().host();
            return forwarding.peerTrusted()
                    ? peer + " is believed by another field than this one"
                    : peer + " is no trusted proxy, so it is a claim of the client's";
        }
        if (HopByHopHeaders.isIn(nominated, name)) {
            return "Connection names it (RFC 9110 §7.6.1)";
        }
        if (name.indexOf('_') >= 0) {
            return "to CGI and WSGI it is the same as " + name.replace('_', '-') + ", which the proxy decides about";
        }
        return "the client's HTTP version has no use for it, or cuts it otherwise";
    }

    /** What a policy writes for an upstream, over what the client sent and middleware left. */
    void toUpstream(RequestHead request, Variables variables) {
        String sent = request.authority();
        String host = policy.hostFor(request, variables);
        if (!host.equals(sent)) {
            changes.add(new FieldChange("Host", sent, host, policy.whyHost()));
        }
        // A client's request may have other lines of Host or Content-Length: those are not the policy's doing.
        Headers.Builder out = request.headers().toBuilder().remove("Host").remove("Content-Length");
        policy.complete(
                out,
                request,
                forwarding,
                variables,
                (reason, before) -> changes.addAll(FieldChange.between(before, out.build(), reason)));
    }
}
