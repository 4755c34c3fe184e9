package io.weir.engine;

class LimitsOverTlsTest extends LimitsTest implements OverTls {}
