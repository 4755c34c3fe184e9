package io.weir.engine;

class TunnelLifeOverTlsTest extends TunnelLifeTest implements OverTls {}
