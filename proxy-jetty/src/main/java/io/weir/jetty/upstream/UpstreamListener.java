package io.weir.jetty.upstream;

import io.weir.http.ProxyFailure;
import io.weir.http.ResponseHead;
import org.eclipse.jetty.io.Content;

/** Is told what becomes of an {@link UpstreamCall}. One call at a time, under no lock. */
public interface UpstreamListener {
    /** A connection was made. */
    void connected();

    /** A connection was there already. */
    void reused();

    /** An interim head has come. */
    void informed(ResponseHead head);

    /**
     * The final head has come.
     *
     * @param body the body on demand; its failure chunk carries an {@link UpstreamFailure}. Trailers come as Jetty's
     *     {@code Trailers} chunk. By the time its last chunk is read the connection serves others
     */
    void answered(ResponseHead head, Content.Source body);

    /** A 101 has come, to a request that asked for it. The call waits to be taken over, or cancelled. */
    void switched(ResponseHead head, UpstreamCall call);

    /** It failed before a final head had come. */
    void failed(ProxyFailure failure);

    /** The client's side broke while the body was read; the call has ended. */
    void requestFailed(Throwable cause);
}
