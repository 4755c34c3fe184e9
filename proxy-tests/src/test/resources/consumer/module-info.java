/** A program of somebody else's. */
module com.example.consumer {
    requires io.weir.jetty;
    requires java.net.http;
    requires jdk.httpserver;
}
