package io.weir.body;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.http.Headers;
import io.weir.http.ProxyError;
import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BodyChainTest {
    private static final RequestHead GET = RequestHead.get("/", "a.test");

    @Test
    void transformersSeeTheBodyInOrder() throws BodyException {
        // Each piece that one writes is a chunk for the next.
        assertThat(Chunks.through(adding("1"), adding("2")).sendText("a", "b")).isEqualTo("a212b212");
    }

    @Test
    void oneMayWriteNothingUntilTheEnd() throws BodyException {
        List<ByteBuffer> all = new ArrayList<>();
        BodyTransformer reversing = (chunk, last, out) -> {
            ByteBuffer copy = ByteBuffer.allocate(chunk.remaining()).put(chunk).flip();
            all.add(0, copy);
            if (last) {
                all.forEach(out::write);
            }
        };

        assertThat(Chunks.through(reversing, adding("!")).sendText("a", "b", "c"))
                .isEqualTo("c!b!a!");
    }

    @Test
    void whatIsWrittenIsTakenBeforeMoreIsAskedFor() throws BodyException {
        List<String> calls = new ArrayList<>();
        BodyTransformer doubling = (chunk, last, out) -> {
            calls.add("called");
            out.write(chunk.slice(chunk.position(), 1));
            chunk.get();
            if (chunk.hasRemaining()) {
                out.again();
            }
        };
        BodyChain chain = Chunks.through(doubling).chain();
        chain.offer(ByteBuffer.wrap("abc".getBytes(UTF_8)), true);

        for (String expected : List.of("a", "b", "c")) {
            ByteBuffer next = chain.next();
            assertThat(UTF_8.decode(next).toString()).isEqualTo(expected);
            calls.add("took " + expected);
        }

        assertThat(calls).containsExactly("called", "took a", "called", "took b", "called", "took c");
        assertThat(chain.isDone()).isTrue();
        assertThat(chain.next()).isNull();
    }

    @Test
    void theEndIsKnownWithTheLastBytes() throws BodyException {
        BodyChain chain = Chunks.through(adding("1"), adding("2")).chain();
        chain.offer(ByteBuffer.wrap("a".getBytes(UTF_8)), true);

        List<Boolean> done = new ArrayList<>();
        while (chain.next() != null) {
            done.add(chain.isDone());
        }

        assertThat(done).containsExactly(false, false, false, true);
    }

    @Test
    void aPauseGoesFromOneToTheNext() throws BodyException {
        Chunks chunks = Chunks.through(holding(), holding());

        assertThat(chunks.give("a".getBytes(UTF_8), false)).isEmpty();
        assertThat(chunks.pause()).isEqualTo("a".getBytes(UTF_8));
        assertThat(chunks.pause()).isEmpty();
        assertThat(chunks.give("b".getBytes(UTF_8), true)).isEqualTo("b".getBytes(UTF_8));
    }

    @Test
    void chunksCannotBeChanged() {
        BodyTransformer changing = (chunk, last, out) -> chunk.put(0, (byte) 'x');
        Chunks chunks = Chunks.through(changing);

        assertThatThrownBy(() -> chunks.sendText("a")).isInstanceOf(BodyException.class);
        assertThat(chunks.mistakes()).hasSize(1);
    }

    @Test
    void oneThatAsksAgainAndAgainForNothingIsStopped() {
        Chunks chunks = Chunks.through((chunk, last, out) -> out.again());

        assertThatThrownBy(() -> chunks.sendText("a")).hasMessageContaining("had taken and written nothing");
        assertThat(chunks.mistakes()).hasSize(1);
    }

    @Test
    void aFailureStaysAndIsNoMistake() {
        Chunks chunks = Chunks.through((chunk, last, out) -> {
            throw new IOException("enough");
        });

        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> chunks.sendText("a"))
                    .isInstanceOfSatisfying(
                            BodyException.class, e -> assertThat(e.error()).isEqualTo(ProxyError.TRANSFORM_FAILED))
                    .hasMessage("enough");
        }
        assertThat(chunks.mistakes()).isEmpty();
    }

    @Test
    void eachIsClosedOnceAndNothingComesAfterwards() throws BodyException {
        List<String> closed = new ArrayList<>();
        Chunks chunks = Chunks.through(closing("1", closed), closing("2", closed), closing("3", closed));

        chunks.chain().close();
        chunks.chain().close();
        chunks.chain().offer(ByteBuffer.wrap(new byte[1]), true);

        assertThat(closed).containsExactly("1", "2", "3");
        assertThat(chunks.chain().next()).isNull();
        assertThat(chunks.mistakes()).hasSize(3);
    }

    @Test
    void severalAsOneAreAllClosed() {
        List<String> closed = new ArrayList<>();
        Chunks chunks = Chunks.through(new Piped(closing("1", closed), closing("2", closed)));

        chunks.chain().close();

        assertThat(closed).containsExactly("1", "2");
    }

    @Test
    void anObserverSeesCopiesAndCannotDisturb() throws Exception {
        List<String> seen = new ArrayList<>();
        BodyTransformer tee = Tee.responses((request, response) -> new Tee.Observer() {
                    @Override
                    public void saw(ByteBuffer copy, boolean last) {
                        seen.add(UTF_8.decode(copy) + (last ? "." : ""));
                        if (seen.size() == 2) {
                            throw new IllegalStateException("I've seen enough");
                        }
                    }
                })
                .engage(GET, ResponseHead.of(200));
        Chunks chunks = Chunks.through(tee);

        assertThat(chunks.chain().keepsBytes()).isTrue();
        assertThat(chunks.sendText("a", "b", "c")).isEqualTo("abc");
        assertThat(seen).containsExactly("a", "b");

        chunks.chain().close();
        assertThat(chunks.mistakes())
                .singleElement()
                .satisfies(mistake -> assertThat(mistake).hasMessage("I've seen enough"));
    }

    @Test
    void aSizeIsLimitedAtOnceWhereItIsSaid() throws Exception {
        ResponseHead head = ResponseHead.of(200, "Content-Length", "4");

        assertThatThrownBy(() -> SizeLimit.of(3).engage(GET, head))
                .isInstanceOfSatisfying(
                        BodyException.class, e -> assertThat(e.error()).isEqualTo(ProxyError.RESPONSE_BODY_TOO_LARGE));
        assertThat(Chunks.through(SizeLimit.of(4).engage(GET, head)).sendText("ab", "cd"))
                .isEqualTo("abcd");
        assertThatThrownBy(() -> Chunks.through(SizeLimit.of(3).engage(GET)).sendText("ab", "cd"))
                .isInstanceOfSatisfying(
                        BodyException.class, e -> assertThat(e.error()).isEqualTo(ProxyError.BODY_TOO_LARGE));
    }

    @Test
    void fieldsThatCannotBeMadeAreAFailure() {
        BodyTransformer broken = new BodyTransformer() {
            @Override
            public void transform(ByteBuffer chunk, boolean last, Output out) {}

            @Override
            public Headers fields(Headers fields) {
                throw new IllegalStateException("no fields");
            }
        };
        Chunks chunks = Chunks.through(broken);

        assertThat(chunks.chain().fields(Headers.of("A", "b"))).isEqualTo(Headers.of("A", "b"));
        assertThatThrownBy(() -> chunks.sendText("a")).hasMessageContaining("no fields");
    }

    private static BodyTransformer adding(String mark) {
        return (chunk, last, out) -> {
            if (chunk.hasRemaining()) {
                out.write(chunk);
                out.write(ByteBuffer.wrap(mark.getBytes(UTF_8)));
            }
        };
    }

    /** Writes nothing before a pause or the end. */
    private static BodyTransformer holding() {
        List<ByteBuffer> held = new ArrayList<>();
        return new BodyTransformer() {
            @Override
            public void transform(ByteBuffer chunk, boolean last, Output out) {
                held.add(ByteBuffer.allocate(chunk.remaining()).put(chunk).flip());
                if (last) {
                    flush(out);
                }
            }

            @Override
            public void flush(Output out) {
                held.forEach(out::write);
                held.clear();
            }
        };
    }

    private static BodyTransformer closing(String name, List<String> closed) {
        return new BodyTransformer() {
            @Override
            public void transform(ByteBuffer chunk, boolean last, Output out) {}

            @Override
            public void close() {
                closed.add(name);
                throw new IllegalStateException("can't close");
            }
        };
    }
}
