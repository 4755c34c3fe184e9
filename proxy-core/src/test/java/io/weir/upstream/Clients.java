package io.weir.upstream;

import io.weir.http.GivenVariables;
import io.weir.http.RequestHead;
import io.weir.http.Variables;
import java.util.Map;

/** Requests that balancers learn something from. */
final class Clients {
    private Clients() {}

    static Variables at(String address) {
        return at(address, RequestHead.get("/", "a.test"));
    }

    static Variables asking(String target) {
        return at("192.0.2.1", RequestHead.get(target, "a.test"));
    }

    static Variables sending(String field, String value) {
        return at("192.0.2.1", RequestHead.get("/", "a.test").withHeader(field, value));
    }

    private static Variables at(String address, RequestHead request) {
        return new GivenVariables(request, address, address, "a.test", "", "", Map.of());
    }
}
