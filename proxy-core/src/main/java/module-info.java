module io.weir.core {
    requires static transitive org.jspecify;
}
