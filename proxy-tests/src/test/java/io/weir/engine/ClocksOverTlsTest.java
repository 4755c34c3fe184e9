package io.weir.engine;

class ClocksOverTlsTest extends ClocksTest implements OverTls {}
