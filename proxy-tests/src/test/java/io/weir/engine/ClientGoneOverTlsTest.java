package io.weir.engine;

class ClientGoneOverTlsTest extends ClientGoneTest implements OverTls {}
