package io.weir.engine;

class TrailersOverTlsTest extends TrailersTest implements OverTls {}
