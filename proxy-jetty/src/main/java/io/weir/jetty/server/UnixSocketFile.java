package io.weir.jetty.server;

import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.eclipse.jetty.util.IO;
import org.jspecify.annotations.Nullable;

/**
 * The file of a Unix-domain socket to listen on. It is made where nobody else can reach it, gets its permissions, and is
 * then moved to its place: there is no moment at which it could be used with others, or is missing while it takes the
 * place of one that was left over.
 */
public final class UnixSocketFile {
    private static final int KIND_OF_FILE = 0170000; // S_IFMT and S_IFSOCK of stat(2)
    private static final int SOCKET = 0140000;

    private final Path path;
    private final Set<PosixFilePermission> permissions;
    private @Nullable Object key;

    public UnixSocketFile(Path path, Set<PosixFilePermission> permissions) {
        this.path = path.toAbsolutePath();
        this.permissions = Set.copyOf(permissions);
    }

    /**
     * Listens; blocks.
     *
     * @throws IOException if somebody listens there, or it is another kind of file: the message says so
     */
    ServerSocketChannel bind(int backlog) throws IOException {
        refuseIfTaken();
        Path parent = path.getParent();
        if (parent == null || !Files.isDirectory(parent)) {
            throw new IOException(path + ": there is no directory " + parent + "; make it first");
        }
        Path hidden = parent.resolve(
                ".w" + Integer.toString(ThreadLocalRandom.current().nextInt(0x10000), 36)); // short: 108 bytes are all
        Files.createDirectory(
                hidden, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Path made = hidden.resolve("s");
        ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            channel.bind(UnixDomainSocketAddress.of(made), backlog);
            Files.setPosixFilePermissions(made, permissions);
            key = key(made);
            Files.move(made, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            return channel;
        } catch (SocketException e) {
            IO.close(channel);
            throw new IOException(path + ": " + e.getMessage(), e);
        } catch (IOException e) {
            IO.close(channel);
            throw e;
        } finally {
            Files.deleteIfExists(made);
            Files.delete(hidden);
        }
    }

    /** Removes the file, if it is still the one that was made. */
    void remove() {
        try {
            if (key != null && key.equals(key(path))) {
                Files.delete(path);
            }
        } catch (IOException e) {
            return; // it is gone, or not ours any more
        }
    }

    private void refuseIfTaken() throws IOException {
        int mode;
        try {
            mode = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
            return;
        }
        if ((mode & KIND_OF_FILE) != SOCKET) {
            throw new IOException(path + ": there is a file that is no socket; move it away");
        }
        try (SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            client.connect(UnixDomainSocketAddress.of(path));
        } catch (ConnectException e) {
            return; // left over: nobody listens
        } catch (IOException e) {
            throw new IOException(
                    path + ": there is a socket that may be in use (" + e.getMessage() + "); move it away", e);
        }
        throw new IOException(path + ": somebody listens there already");
    }

    private static @Nullable Object key(Path file) throws IOException {
        return Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .fileKey();
    }

    @Override
    public String toString() {
        return "unix:" + path;
    }
}
