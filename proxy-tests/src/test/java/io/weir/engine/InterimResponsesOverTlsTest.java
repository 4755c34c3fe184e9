package io.weir.engine;

class InterimResponsesOverTlsTest extends InterimResponsesTest implements OverTls {}
