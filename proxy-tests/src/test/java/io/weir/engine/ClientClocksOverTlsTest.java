package io.weir.engine;

class ClientClocksOverTlsTest extends ClientClocksTest implements OverTls {}
