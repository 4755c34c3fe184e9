package io.weir.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.weir.testkit.Await;
import io.weir.testkit.Identity;
import io.weir.upstream.UpstreamTls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A real gRPC client and a real gRPC server, with Weir between them. */
class GrpcTest {

    private static final MethodDescriptor<String, String> HELLO = method("Hello", MethodType.UNARY);
    private static final MethodDescriptor<String, String> FAIL = method("Fail", MethodType.UNARY);
    private static final MethodDescriptor<String, String> HANG = method("Hang", MethodType.UNARY);
    private static final MethodDescriptor<String, String> COUNT = method("Count", MethodType.SERVER_STREAMING);
    private static final MethodDescriptor<String, String> CHAT = method("Chat", MethodType.BIDI_STREAMING);
    private static final Metadata.Key<String> DETAIL = Metadata.Key.of("x-detail", Metadata.ASCII_STRING_MARSHALLER);

    private final CountDownLatch cancelled = new CountDownLatch(1);
    private final CountDownLatch hanging = new CountDownLatch(1);
    private Server server;
    private WiredProxy proxy;
    private ManagedChannel channel;

    @BeforeEach
    void start() throws IOException {
        server = NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
                .directExecutor()
                .addService(service())
                .build()
                .start();
        proxy = WiredProxy.to(
                pool -> pool.upstream("http://127.0.0.1:" + server.getPort()).http2());
        channel = NettyChannelBuilder.forAddress("127.0.0.1", proxy.port())
                .usePlaintext()
                .build();
    }

    @AfterEach
    void stop() throws InterruptedException {
        channel.shutdownNow().awaitTermination(10, SECONDS);
        proxy.close();
        server.shutdownNow().awaitTermination(10, SECONDS);
    }

    @Test
    void aUnaryCallIsAnswered() {
        assertThat(ClientCalls.blockingUnaryCall(channel, HELLO, CallOptions.DEFAULT, "Weir"))
                .isEqualTo("Hello Weir");
    }

    @Test
    void aMessageOfAMegabyteComesBack() {
        String large = "x".repeat(1024 * 1024);

        assertThat(ClientCalls.blockingUnaryCall(channel, HELLO, CallOptions.DEFAULT, large))
                .hasSize(large.length() + 6);
    }

    @Test
    void aFailuresStatusAndTrailersReachTheClient() {
        StatusRuntimeException failure = catchThrowableOfType(
                StatusRuntimeException.class,
                () -> ClientCalls.blockingUnaryCall(channel, FAIL, CallOptions.DEFAULT, ""));

        assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
        assertThat(failure.getStatus().getDescription()).isEqualTo("no can do");
        assertThat(failure.getTrailers().get(DETAIL)).isEqualTo("why");
    }

    @Test
    void aServersStreamComesInOrder() {
        Iterator<String> numbers = ClientCalls.blockingServerStreamingCall(channel, COUNT, CallOptions.DEFAULT, "1000");

        List<String> seen = new ArrayList<>();
        numbers.forEachRemaining(seen::add);
        assertThat(seen).hasSize(1000);
        assertThat(seen.get(999)).isEqualTo("999");
    }

    @Test
    void bothSidesTalkAtTheSameTime() throws Exception {
        BlockingQueue<String> answers = new LinkedBlockingQueue<>();
        StreamObserver<String> out =
                ClientCalls.asyncBidiStreamingCall(channel.newCall(CHAT, CallOptions.DEFAULT), into(answers));

        for (int i = 0; i < 100; i++) {
            out.onNext("m" + i);
            assertThat(answers.poll(Await.DEADLINE.toMillis(), MILLISECONDS)).isEqualTo("echo m" + i);
        }
        out.onCompleted();
        assertThat(answers.poll(Await.DEADLINE.toMillis(), MILLISECONDS)).isEqualTo("completed");
    }

    @Test
    void aClientThatCancelsCancelsAtTheServer() throws Exception {
        BlockingQueue<String> answers = new LinkedBlockingQueue<>();
        var call = channel.newCall(HANG, CallOptions.DEFAULT);
        ClientCalls.asyncUnaryCall(call, "", into(answers));
        assertThat(hanging.await(Await.DEADLINE.toMillis(), MILLISECONDS)).isTrue();

        call.cancel("enough", null);

        assertThat(cancelled.await(Await.DEADLINE.toMillis(), MILLISECONDS)).isTrue();
    }

    @Test
    void aCallIsAnsweredOverTls() throws Exception {
        Identity identity = Identity.of("dns:localhost");
        Server secure = NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
                .directExecutor()
                .useTransportSecurity(
                        identity.certificate().toFile(), identity.key().toFile())
                .addService(service())
                .build()
                .start();
        try (var toSecure = WiredProxy.to(pool -> pool.upstream("https://localhost:" + secure.getPort())
                .tls(UpstreamTls.defaults().withTrust(identity.certificate()))
                .http2())) {
            ManagedChannel other = NettyChannelBuilder.forAddress("127.0.0.1", toSecure.port())
                    .usePlaintext()
                    .build();
            try {
                assertThat(ClientCalls.blockingUnaryCall(other, HELLO, CallOptions.DEFAULT, "Weir"))
                        .isEqualTo("Hello Weir");
            } finally {
                other.shutdownNow().awaitTermination(10, SECONDS);
            }
        } finally {
            secure.shutdownNow().awaitTermination(10, SECONDS);
        }
    }

    private ServerServiceDefinition service() {
        return ServerServiceDefinition.builder("weir.Test")
                .addMethod(HELLO, ServerCalls.asyncUnaryCall((name, to) -> {
                    to.onNext("Hello " + name);
                    to.onCompleted();
                }))
                .addMethod(FAIL, ServerCalls.asyncUnaryCall((ignored, to) -> {
                    Metadata trailers = new Metadata();
                    trailers.put(DETAIL, "why");
                    to.onError(Status.FAILED_PRECONDITION
                            .withDescription("no can do")
                            .asRuntimeException(trailers));
                }))
                .addMethod(HANG, ServerCalls.asyncUnaryCall((ignored, to) -> {
                    ((io.grpc.stub.ServerCallStreamObserver<String>) to).setOnCancelHandler(cancelled::countDown);
                    hanging.countDown();
                }))
                .addMethod(COUNT, ServerCalls.asyncServerStreamingCall((most, to) -> {
                    for (int i = 0; i < Integer.parseInt(most); i++) {
                        to.onNext(String.valueOf(i));
                    }
                    to.onCompleted();
                }))
                .addMethod(CHAT, ServerCalls.asyncBidiStreamingCall(GrpcTest::echoing))
                .build();
    }

    private static StreamObserver<String> echoing(StreamObserver<String> to) {
        return new StreamObserver<>() {
            @Override
            public void onNext(String message) {
                to.onNext("echo " + message);
            }

            @Override
            public void onError(Throwable failure) {
                // the client has gone
            }

            @Override
            public void onCompleted() {
                to.onCompleted();
            }
        };
    }

    private static StreamObserver<String> into(BlockingQueue<String> queue) {
        return new StreamObserver<>() {
            @Override
            public void onNext(String message) {
                queue.add(message);
            }

            @Override
            public void onError(Throwable failure) {
                queue.add("failed: " + failure);
            }

            @Override
            public void onCompleted() {
                queue.add("completed");
            }
        };
    }

    private static MethodDescriptor<String, String> method(String name, MethodType type) {
        return MethodDescriptor.<String, String>newBuilder(Text.INSTANCE, Text.INSTANCE)
                .setFullMethodName(MethodDescriptor.generateFullMethodName("weir.Test", name))
                .setType(type)
                .build();
    }

    /** Messages are plain text; no protoc is needed for that. */
    private enum Text implements MethodDescriptor.Marshaller<String> {
        INSTANCE;

        @Override
        public InputStream stream(String value) {
            return new ByteArrayInputStream(value.getBytes(UTF_8));
        }

        @Override
        public String parse(InputStream stream) {
            try {
                return new String(stream.readAllBytes(), UTF_8);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
