package io.weir.jetty.websocket;

import org.eclipse.jetty.websocket.core.CloseStatus;
import org.eclipse.jetty.websocket.core.Frame;
import org.eclipse.jetty.websocket.core.OpCode;

/**
 * A close frame after which Jetty waits for the other side's, whatever its code. By itself Jetty closes the connection
 * behind codes such as 1008, and the answer would be lost, or meet a reset.
 */
final class CloseFrame extends Frame implements CloseStatus.Supplier {
    CloseFrame(CloseStatus status) {
        super(OpCode.CLOSE, true, status.toFrame().getPayload());
    }

    @Override
    public CloseStatus getCloseStatus() {
        return CloseStatus.NO_CODE_STATUS;
    }
}
