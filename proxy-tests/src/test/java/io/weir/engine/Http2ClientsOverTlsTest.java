package io.weir.engine;

class Http2ClientsOverTlsTest extends Http2ClientsTest implements OverTls {}
