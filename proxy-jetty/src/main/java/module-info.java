module io.weir.jetty {
    requires transitive io.weir.core;
    requires org.eclipse.jetty.http2.server;
    requires transitive org.eclipse.jetty.server;
    requires org.slf4j;
    requires static org.jspecify;
}
