package io.weir.jetty.body;

import com.aayushatharva.brotli4j.Brotli4jLoader;
import com.github.luben.zstd.util.Native;
import io.weir.ProxyConfig;
import io.weir.body.BodyTransformer;
import io.weir.body.Compression;
import io.weir.route.Route;
import io.weir.route.Site;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Makes encoders. Those of brotli and zstd need libraries that users add; a configuration that lacks one is refused. */
public final class Encoders {
    private static final String MODULE = "org.eclipse.jetty.compression:jetty-compression-";

    private static final BodyTransformer.Output NOWHERE = new BodyTransformer.Output() {
        @Override
        public void write(ByteBuffer bytes) {}

        @Override
        public void again() {}
    };

    private Encoders() {}

    /** A new one. */
    public static BodyTransformer of(Compression.Choice choice) {
        return switch (choice.coding()) {
            case GZIP -> BodyTransformer.gzip(choice.level());
            case BROTLI -> new BrotliEncoder(choice.level());
            case ZSTD -> new ZstdEncoder(choice.level());
        };
    }

    /**
     * Checks that all codings of a configuration can be had.
     *
     * @throws IllegalArgumentException if one can't; it names the place and what to add
     */
    public static void check(ProxyConfig config) {
        check("proxy", config.compression());
        for (Site site : config.sites()) {
            check(site.toString(), site.compression());
            for (Route route : site.routes()) {
                check(site + ", route \"" + route + "\"", route.compression());
            }
        }
    }

    private static void check(String place, @Nullable Compression compression) {
        if (compression == null) {
            return;
        }
        for (Compression.Choice choice : compression.choices()) {
            try {
                load(choice.coding());
                tryOut(choice);
            } catch (NoClassDefFoundError e) {
                throw refusal(place, choice.coding(), "is not on the class path; add " + module(choice.coding()), e);
            } catch (UnsatisfiedLinkError | ExceptionInInitializerError e) {
                throw refusal(place, choice.coding(), "has no native library for this machine: " + e.getMessage(), e);
            } catch (IncompatibleClassChangeError e) {
                String cure = "is on the class path in another version than " + module(choice.coding()) + " brings: ";
                throw refusal(place, choice.coding(), cure + e.getMessage(), e);
            }
        }
    }

    private static void load(Compression.Coding coding) {
        switch (coding) {
            case GZIP -> {}
            case BROTLI -> Brotli4jLoader.ensureAvailability();
            case ZSTD -> Native.load();
        }
    }

    /** Compresses nothing. Other dependencies may have brought a version that lacks what is called, and no response is to tell. */
    private static void tryOut(Compression.Choice choice) {
        BodyTransformer encoder = of(choice);
        try {
            encoder.transform(ByteBuffer.allocate(0), true, NOWHERE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            encoder.close();
        }
    }

    private static String module(Compression.Coding coding) {
        return MODULE + (coding == Compression.Coding.BROTLI ? "brotli" : "zstandard");
    }

    private static IllegalArgumentException refusal(
            String place, Compression.Coding coding, String why, Throwable cause) {
        return new IllegalArgumentException(place + ": compression: " + coding.token() + " " + why, cause);
    }
}
