package io.weir;

/** Code of the user's threw. Says whose, and what; has no stack trace of its own. */
final class UserCodeFailure extends Exception {
    private static final long serialVersionUID = 1L;
    private final String what;
    private final transient Throwable thrown;

    /**
     * @param what the piece of code as a log should name it
     * @param thrown what came out of it
     */
    UserCodeFailure(String what, Throwable thrown) {
        super(what, thrown, false, false);
        this.what = what;
        this.thrown = thrown;
    }

    String what() {
        return what;
    }

    Throwable thrown() {
        return thrown;
    }
}
