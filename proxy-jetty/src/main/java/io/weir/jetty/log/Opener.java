package io.weir.jetty.log;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** How a file is opened: to be appended to, and made if it is not there. */
interface Opener {
    WritableByteChannel open(Path path) throws IOException;

    static WritableByteChannel append(Path path) throws IOException {
        return FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
}
