package io.weir.jetty.websocket;

import org.eclipse.jetty.websocket.api.Callback;
import org.eclipse.jetty.websocket.api.Frame;

/** The way of messages from one side to the other. One frame at a time: the next comes when this one was asked for. */
interface Course {
    /** A frame of a message has come; {@code callback} gives its buffer back. */
    void take(Frame frame, Callback callback);
}
