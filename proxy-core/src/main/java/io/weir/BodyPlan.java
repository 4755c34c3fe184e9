package io.weir;

import io.weir.body.BodyChain;
import io.weir.body.BodyException;
import io.weir.body.BodyTransformer;
import io.weir.body.Compression;
import io.weir.body.Representation;
import io.weir.body.RequestTransform;
import io.weir.body.ResponseTransform;
import io.weir.http.Headers;
import io.weir.http.ProxyError;
import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import io.weir.route.Route;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a route does to bodies. A route that does nothing to them has none. */
record BodyPlan(
        String route, List<RequestTransform> requests, List<ResponseTransform> responses, Compression compression) {

    /**
     * What becomes of one response.
     *
     * @param head for the client
     * @param chain what its body passes through; null if it passes as it is
     */
    record Response(ResponseHead head, @Nullable BodyChain chain) {}

    static @Nullable BodyPlan of(Route route, Compression compression) {
        boolean idle = route.requestTransforms().isEmpty()
                && route.responseTransforms().isEmpty()
                && compression.choices().isEmpty();
        return idle
                ? null
                : new BodyPlan(route.toString(), route.requestTransforms(), route.responseTransforms(), compression);
    }

    /** The fields for the upstream: without content codings that nobody here could read. */
    Headers asked(Headers fields) {
        return Representation.readable(fields, responses);
    }

    /** What the body of a request passes through; null if it passes as it is. */
    @Nullable
    BodyChain engage(RequestHead request, Engine engine) {
        List<BodyTransformer> engaged = new ArrayList<>(requests.size());
        String what = "request transform of route \"" + route + "\"";
        try {
            for (RequestTransform one : requests) {
                add(one.engage(request), engaged);
            }
        } catch (IOException | RuntimeException e) {
            return BodyChain.failing(failed(e, ProxyError.BAD_REQUEST, what, engaged, engine));
        }
        return engaged.isEmpty()
                ? null
                : new BodyChain(engaged, ProxyError.BAD_REQUEST, mistake -> engine.userCodeFailed(what, mistake));
    }

    /**
     * What becomes of the response with that head.
     *
     * @throws BodyException if it must not go on
     */
    Response engage(RequestHead request, ResponseHead head, Engine engine) throws BodyException {
        int status = head.status();
        if (status == 304) {
            return new Response(notModified(request, head), null);
        }
        if (status == 204 || status == 206 || head.headers().contains("Content-Range")) {
            return new Response(head, null);
        }
        List<BodyTransformer> engaged = new ArrayList<>(responses.size() + 1);
        String what = "response transform of route \"" + route + "\"";
        ResponseHead changed = head;
        boolean keepsBytes = true;
        try {
            for (ResponseTransform one : responses) {
                BodyTransformer transformer = one.engage(request, changed);
                if (transformer != null) {
                    engaged.add(transformer);
                    keepsBytes &= transformer.keepsBytes();
                    changed = changed.withHeaders(transformer.fields(changed.headers()));
                }
            }
            if (compression.isEligible(changed)) {
                changed = changed.withHeaders(Representation.varying(changed.headers()));
                Compression.Choice choice = compression.choiceFor(request);
                if (choice != null) {
                    engaged.add(engine.encoder(choice));
                    keepsBytes = false;
                    changed = changed.withHeader(
                            "Content-Encoding", choice.coding().token());
                }
            }
        } catch (IOException | RuntimeException e) {
            throw failed(e, ProxyError.TRANSFORM_FAILED, what, engaged, engine);
        }
        if (!keepsBytes) {
            changed = changed.withHeaders(Representation.changed(changed.headers()));
        }
        if (engaged.isEmpty()) {
            return new Response(changed, null);
        }
        BodyChain chain =
                new BodyChain(engaged, ProxyError.TRANSFORM_FAILED, mistake -> engine.userCodeFailed(what, mistake));
        if (request.method().equals("HEAD")) {
            chain.close();
            return new Response(changed, null);
        }
        return new Response(changed, chain);
    }

    /** A 304 speaks of a body that is not there to be looked at. What could have been changed has a weak tag. */
    private ResponseHead notModified(RequestHead request, ResponseHead head) {
        Headers fields = head.headers();
        boolean compressed = !compression.choices().isEmpty() && !fields.contains("Content-Encoding");
        if (compressed) {
            fields = Representation.varying(fields);
        }
        boolean changed = !responses.isEmpty() || compressed && compression.choiceFor(request) != null;
        return head.withHeaders(changed ? Representation.changed(fields) : fields);
    }

    private static void add(@Nullable BodyTransformer transformer, List<BodyTransformer> engaged) {
        if (transformer != null) {
            engaged.add(transformer);
        }
    }

    /** One could not be made: those that are made already are closed. */
    private static BodyException failed(
            Exception thrown, ProxyError error, String what, List<BodyTransformer> made, Engine engine) {
        if (!made.isEmpty()) {
            new BodyChain(made, error, mistake -> engine.userCodeFailed(what, mistake)).close();
        }
        if (thrown instanceof BodyException failure) {
            return failure;
        }
        if (thrown instanceof RuntimeException) {
            engine.userCodeFailed(what, thrown);
        }
        return new BodyException(error, what + ": " + thrown.getMessage(), thrown);
    }
}
