package io.weir;

import io.weir.testkit.EchoUpstream;
import io.weir.testkit.RawResponse;

/**
 * One of the proxies that have to behave alike: its locations carry the ids of {@link NginxOracle}, each response says
 * in {@code X-Location} which of them was chosen, and all of them lead to the same upstream.
 */
interface ComparedProxy {

    RawResponse send(ComparisonCase request);

    EchoUpstream upstream();
}
