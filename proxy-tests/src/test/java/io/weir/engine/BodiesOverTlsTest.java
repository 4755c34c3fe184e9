package io.weir.engine;

class BodiesOverTlsTest extends BodiesTest implements OverTls {}
