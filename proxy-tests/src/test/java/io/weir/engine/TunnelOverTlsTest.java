package io.weir.engine;

class TunnelOverTlsTest extends TunnelTest implements OverTls {}
