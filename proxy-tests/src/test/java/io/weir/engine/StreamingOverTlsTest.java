package io.weir.engine;

class StreamingOverTlsTest extends StreamingTest implements OverTls {}
