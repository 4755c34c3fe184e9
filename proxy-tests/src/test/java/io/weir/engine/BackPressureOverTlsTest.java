package io.weir.engine;

class BackPressureOverTlsTest extends BackPressureTest implements OverTls {}
