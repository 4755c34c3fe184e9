module io.weir.core {
    requires static org.jspecify;
}
