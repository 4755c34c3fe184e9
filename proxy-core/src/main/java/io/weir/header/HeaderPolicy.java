package io.weir.header;

import io.weir.http.Headers;
import io.weir.http.RequestHead;
import io.weir.http.Template;
import io.weir.http.Variables;
import java.util.List;
import java.util.Set;
import java.util.StringJoiner;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Which fields an upstream gets and which a client gets back. A policy is a base and edits to it.
 *
 * <p>The base {@link #forwarded()} is the default: {@code Host} as the client sent it, {@code X-Real-IP},
 * {@code X-Forwarded-For}, {@code -Proto} and {@code -Host} as trusted proxies vouch for them. {@link #none()} sends the
 * upstream's own {@code Host} and no forwarding field, which is nginx's default.
 *
 * <p>Policies of proxy, site and route add up: a route's edits come after its site's, those after the proxy's. (In nginx
 * one {@code proxy_set_header} loses all inherited ones.) A level that names a base drops what it would inherit.
 *
 * <p>Values may hold nginx's variables, see {@link Template}; a value that renders as nothing removes the field.
 * Immutable.
 */
public final class HeaderPolicy {
    private static final HeaderPolicy INHERIT = new HeaderPolicy(new Builder());

    /** What an upstream gets before edits. */
    private enum Base {
        FORWARDED,
        NONE
    }

    private final @Nullable Base base;
    private final @Nullable Template host;
    private final boolean passesUntrusted;
    private final boolean via;
    private final boolean forwardedField;
    private final FieldEdits request;
    private final FieldEdits response;

    private HeaderPolicy(Builder builder) {
        base = builder.base;
        host = builder.host;
        passesUntrusted = builder.passesUntrusted;
        via = builder.via;
        forwardedField = builder.forwardedField;
        request = builder.request;
        response = builder.response;
    }

    /** Names no base and changes nothing: what the level above says, holds. */
    public static HeaderPolicy inherit() {
        return INHERIT;
    }

    /** The safe default: the client's {@code Host}, and forwarding fields that tell the truth. */
    public static HeaderPolicy forwarded() {
        return builder().forwarded().build();
    }

    /** The upstream's {@code Host} and no forwarding fields; what untrusted clients claim goes all the same. */
    public static HeaderPolicy none() {
        return builder().none().build();
    }

    /** A builder that names no base. */
    public static Builder builder() {
        return new Builder();
    }

    /** This policy with that {@code Host} for the upstream; variables allowed. */
    public HeaderPolicy host(String template) {
        return edited(policy -> policy.host(template));
    }

    /** This policy with further edits. */
    public HeaderPolicy edited(Consumer<Builder> edits) {
        Builder builder = toBuilder();
        edits.accept(builder);
        return builder.build();
    }

    /** This policy where it stands below another: proxy above site above route. */
    public HeaderPolicy below(HeaderPolicy above) {
        if (base != null || above == INHERIT) {
            return this;
        }
        if (this == INHERIT) {
            return above;
        }
        Builder merged = above.toBuilder();
        merged.host = host != null ? host : above.host;
        merged.passesUntrusted |= passesUntrusted;
        merged.via |= via;
        merged.forwardedField |= forwardedField;
        merged.request = above.request.then(request);
        merged.response = above.response.then(response);
        return merged.build();
    }

    /** Whether claims of untrusted clients pass, as in nginx: any client can then choose the address that is believed. */
    public boolean passesUntrustedForwarding() {
        return passesUntrusted;
    }

    /**
     * The request as middleware gets it: without hop-by-hop fields and untrusted claims. So what a middleware sets can't
     * be undone by the client: not by naming it in {@code Connection}, not by being taken for a claim.
     *
     * @param asSent the request as the client sent it
     * @param forwarding who the client is
     */
    public RequestHead sanitised(RequestHead asSent, Forwarding forwarding) {
        Headers.Builder out = Headers.builder();
        Sanitiser.copy(asSent, claims(forwarding), !passesUntrusted, request, true, out);
        return asSent.withHeaders(out.build());
    }

    /**
     * The fields for one attempt at an upstream: the client's, without hop-by-hop fields and untrusted claims, then the
     * base's, then the edits'. Framing fields, Content-Length among them, are the engine's.
     *
     * @param asSent the request as the client sent it
     * @param forwarding who the client is
     * @param variables for templates; its upstream is the one of this attempt
     */
    public Headers toUpstream(RequestHead asSent, Forwarding forwarding, Variables variables) {
        Headers.Builder out = Headers.builder().add("Host", hostFor(asSent, variables));
        Sanitiser.copy(asSent, claims(forwarding), !passesUntrusted, request, false, out);
        complete(out, asSent, forwarding, variables, null);
        return out.build();
    }

    /**
     * The same for a request that middleware has changed.
     *
     * @param request what middleware made of the {@link #sanitised} request; its own fields are not doubted again
     * @param forwarding who the client is
     * @param variables for templates; its upstream is the one of this attempt
     */
    public Headers toUpstreamAfterMiddleware(RequestHead request, Forwarding forwarding, Variables variables) {
        Headers.Builder out = Headers.builder().add("Host", hostFor(request, variables));
        Sanitiser.copy(request, null, false, FieldEdits.NONE, false, out);
        complete(out, request, forwarding, variables, null);
        return out.build();
    }

    /**
     * The fields for the client: the upstream's without hop-by-hop fields and {@code X-Accel-*}, then the edits'.
     * Interim responses (1xx) lose fields by edits but gain none.
     */
    public Headers toClient(int status, Headers in, Variables variables) {
        Set<String> nominated = HopByHopHeaders.nominated(in);
        Headers.Builder out = Headers.builder();
        for (int i = 0; i < in.size(); i++) {
            String name = in.name(i);
            if (!HopByHopHeaders.isHopByHop(name)
                    && !name.regionMatches(true, 0, "X-Accel-", 0, 8)
                    && !HopByHopHeaders.isIn(nominated, name)) {
                out.addFrom(in, i);
            }
        }
        if (via) {
            append(out, "Via", "1.1 weir");
        }
        response.apply(out, variables, status);
        return out.build();
    }

    /** The response edits alone, for a reply that the proxy made itself. */
    public Headers onReply(int status, Headers in, Variables variables) {
        if (response.isEmpty()) {
            return in;
        }
        Headers.Builder out = in.toBuilder();
        response.apply(out, variables, status);
        return out.build();
    }

    /** Base and edits, in words; "" if it inherits all. Values of fields that hold credentials are not shown. */
    @Override
    public String toString() {
        StringJoiner text = new StringJoiner("; ");
        if (base != null) {
            text.add(base == Base.FORWARDED ? "forwarded()" : "none()");
        }
        if (host != null) {
            text.add("host " + host);
        }
        addIf(via, "via", text);
        addIf(forwardedField, "Forwarded", text);
        addIf(passesUntrusted, "untrusted forwarding fields pass", text);
        addIf(!request.isEmpty(), "request: " + request, text);
        addIf(!response.isEmpty(), "response: " + response, text);
        return text.toString();
    }

    private static void addIf(boolean holds, String part, StringJoiner text) {
        if (holds) {
            text.add(part);
        }
    }

    private Builder toBuilder() {
        Builder builder = new Builder();
        builder.base = base;
        builder.host = host;
        builder.passesUntrusted = passesUntrusted;
        builder.via = via;
        builder.forwardedField = forwardedField;
        builder.request = request;
        builder.response = response;
        return builder;
    }

    /**
     * Why the fields for an upstream differ from those that the client sent: each change in the order in which it is made.
     *
     * @param asSent the request as the client sent it
     * @param request what middleware made of the {@link #sanitised} request; its own changes are not among these
     * @param forwarding who the client is
     * @param variables for templates
     */
    public List<FieldChange> changes(
            RequestHead asSent, RequestHead request, Forwarding forwarding, Variables variables) {
        HeaderTrace trace = new HeaderTrace(this, forwarding);
        trace.sanitised(asSent);
        trace.toUpstream(request, variables);
        return trace.changes();
    }

    /** By what claims are judged; null if all pass. */
    @Nullable
    Forwarding claims(Forwarding forwarding) {
        return passesUntrusted ? null : forwarding;
    }

    /** The template's host, else by the base the client's or the upstream's; never none, and never two. */
    String hostFor(RequestHead request, Variables variables) {
        String wanted = host != null ? host.render(variables) : base == Base.NONE ? null : request.authority();
        return wanted == null || wanted.isEmpty() ? variables.upstreamAuthority() : wanted;
    }

    /** Why {@code Host} is not the client's. */
    String whyHost() {
        if (host != null) {
            return "header policy: host(\"" + host + "\")";
        }
        return base == Base.NONE
                ? "header policy none(): the upstream's own"
                : "the client named no host: the upstream's own";
    }

    /** Is told what the fields were before a step, after it. */
    interface Steps {
        void done(String reason, Headers before);
    }

    /** Does what comes after copying; {@code steps} hears of each, null if nobody wants to know. */
    void complete(
            Headers.Builder out,
            RequestHead request,
            Forwarding forwarding,
            Variables variables,
            @Nullable Steps steps) {
        if (base != Base.NONE) {
            Headers before = steps == null ? Headers.empty() : out.build();
            ForwardedHeaders.write(out, request, forwarding);
            tell(steps, "header policy forwarded(): who the client is, as far as trusted proxies vouch for it", before);
        }
        if (forwardedField) {
            Headers before = steps == null ? Headers.empty() : out.build();
            append(out, "Forwarded", ForwardedHeaders.element(request, forwarding));
            tell(steps, "header policy: forwardedField()", before);
        }
        if (via) {
            Headers before = steps == null ? Headers.empty() : out.build();
            append(out, "Via", viaElement(request.protocol()));
            tell(steps, "header policy: via()", before);
        }
        if (steps == null) {
            this.request.apply(out, variables, 0);
        } else {
            this.request.applyTold(out, variables, steps);
        }
    }

    private static void tell(@Nullable Steps steps, String reason, Headers before) {
        if (steps != null) {
            steps.done(reason, before);
        }
    }

    /** Appends a member to a list field, after what is already there. */
    private static void append(Headers.Builder headers, String name, String member) {
        for (int i = headers.size() - 1; i >= 0; i--) {
            if (headers.name(i).equalsIgnoreCase(name)) {
                headers.value(i, headers.value(i) + ", " + member);
                return;
            }
        }
        headers.add(name, member);
    }

    private static String viaElement(String protocol) {
        int slash = protocol.indexOf('/');
        String version = protocol.substring(slash + 1);
        return (version.equals("2.0") ? "2" : version) + " weir";
    }

    /** A policy under construction. */
    public static final class Builder {
        /** Statuses on which nginx's {@code add_header} works without {@code always}. */
        private static final IntPredicate WELL = status -> switch (status) {
            case 200, 201, 204, 206, 301, 302, 303, 304, 307, 308 -> true;
            default -> false;
        };

        /** Every final status. */
        private static final IntPredicate ALWAYS = status -> status >= 200 || status == 101;

        private static final IntPredicate EVERY = status -> true;

        private @Nullable Base base;
        private @Nullable Template host;
        private boolean passesUntrusted;
        private boolean via;
        private boolean forwardedField;
        private FieldEdits request = FieldEdits.NONE;
        private FieldEdits response = FieldEdits.NONE;

        private Builder() {}

        /** Starts from {@link HeaderPolicy#forwarded()}, dropping what the level above says. */
        public Builder forwarded() {
            base = Base.FORWARDED;
            return this;
        }

        /** Starts from {@link HeaderPolicy#none()}, dropping what the level above says. */
        public Builder none() {
            base = Base.NONE;
            return this;
        }

        /** {@code Host} for the upstream; variables allowed. */
        public Builder host(String template) {
            Headers.of("Host", template);
            host = Template.parse(template);
            return this;
        }

        /**
         * Lets forwarding fields of untrusted clients pass, as nginx does. Dangerous: an upstream that believes them
         * believes anybody.
         */
        public Builder passUntrustedForwarding() {
            passesUntrusted = true;
            return this;
        }

        /** Adds {@code Via} in both directions (RFC 9110 §7.6.3). */
        public Builder via() {
            via = true;
            return this;
        }

        /** Adds this hop to {@code Forwarded} (RFC 7239). */
        public Builder forwardedField() {
            forwardedField = true;
            return this;
        }

        /** Edits to what the upstream gets (nginx {@code proxy_set_header}). */
        public RequestEdits request() {
            return new RequestEdits(this);
        }

        /**
         * Edits to what the client gets (nginx {@code add_header}, {@code proxy_hide_header}). They hold on statuses
         * 200, 201, 204, 206, 301 to 304, 307 and 308; see {@link ResponseEdits#always()}.
         */
        public ResponseEdits response() {
            return new ResponseEdits(this, WELL);
        }

        /** The policy. */
        public HeaderPolicy build() {
            return new HeaderPolicy(this);
        }
    }

    /** Edits to the fields that the upstream gets. */
    public static final class RequestEdits {
        private final Builder policy;

        private RequestEdits(Builder policy) {
            this.policy = policy;
        }

        /** One line of that name with that value, whatever there was. {@code Host} may be set too. */
        public RequestEdits set(String name, String template) {
            if (name.equalsIgnoreCase("Host")) {
                policy.host(template);
                return this;
            }
            return edit(FieldEdits.Kind.SET, name, template);
        }

        /** One more line of that name. */
        public RequestEdits add(String name, String template) {
            return edit(FieldEdits.Kind.ADD, name, template);
        }

        /** No line of that name. */
        public RequestEdits remove(String name) {
            return edit(FieldEdits.Kind.REMOVE, name, "");
        }

        private RequestEdits edit(FieldEdits.Kind kind, String name, String template) {
            if (name.equalsIgnoreCase("Host")) {
                throw new IllegalArgumentException("header Host: every request has exactly one; use set or host(..)");
            }
            policy.request = policy.request.plus(kind, name, template, Builder.EVERY);
            return this;
        }
    }

    /** Edits to the fields that the client gets. */
    public static final class ResponseEdits {
        private final Builder policy;
        private final IntPredicate when;

        private ResponseEdits(Builder policy, IntPredicate when) {
            this.policy = policy;
            this.when = when;
        }

        /** The edits that follow hold on every final status (nginx's {@code always}). */
        public ResponseEdits always() {
            return new ResponseEdits(policy, Builder.ALWAYS);
        }

        /**
         * The edits that follow hold on these statuses only.
         *
         * @throws IllegalArgumentException if there is none, or one is not within 100..999
         */
        public ResponseEdits onStatus(int... statuses) {
            if (statuses.length == 0) {
                throw new IllegalArgumentException("onStatus: no status (expected: at least one)");
            }
            for (int status : statuses) {
                if (status < 100 || status > 999) {
                    throw new IllegalArgumentException("onStatus: " + status + " (expected: 100..999)");
                }
            }
            int[] copy = statuses.clone();
            return new ResponseEdits(policy, status -> {
                for (int one : copy) {
                    if (one == status) {
                        return true;
                    }
                }
                return false;
            });
        }

        /** One line of that name with that value, whatever the upstream sent. */
        public ResponseEdits set(String name, String template) {
            return edit(FieldEdits.Kind.SET, name, template, when);
        }

        /** One more line of that name. */
        public ResponseEdits add(String name, String template) {
            return edit(FieldEdits.Kind.ADD, name, template, when);
        }

        /** No line of that name; holds on every status, interim ones too, unless {@link #onStatus} came before. */
        public ResponseEdits remove(String name) {
            boolean everywhere = when == Builder.WELL || when == Builder.ALWAYS;
            return edit(FieldEdits.Kind.REMOVE, name, "", everywhere ? Builder.EVERY : when);
        }

        private ResponseEdits edit(FieldEdits.Kind kind, String name, String template, IntPredicate condition) {
            policy.response = policy.response.plus(kind, name, template, condition);
            return this;
        }
    }
}
