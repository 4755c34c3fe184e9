package io.weir.engine;

class EarlyResponseOverTlsTest extends EarlyResponseTest implements OverTls {}
