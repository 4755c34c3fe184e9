package io.weir.upstream;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;

/**
 * Finds the addresses of an upstream's name; given to the engine, which uses the JDK's unless told to use another. The
 * engine asks on a worker thread, where it may block, at most once at a time for one name, and again 30 s later at the
 * earliest. Connections are tried at all addresses in order, the next one beginning where the last began plus one; old ones
 * stay in use while it fails.
 */
@FunctionalInterface
public interface AddressResolver {
    /**
     * The addresses, at least one.
     *
     * @param host as it stands in the URL, in lower case; never an address
     * @throws UnknownHostException if there is none, or it can't be found out now
     */
    List<InetAddress> resolve(String host) throws UnknownHostException;
}
