package io.github.dyt4j.training;

import java.nio.file.Path;

/** Where what took long to make is kept: {@code $DYT4J_CACHE}, else {@code $XDG_CACHE_HOME/dyt4j}, else {@code ~/.cache/dyt4j}. */
public final class UserCache {
    private UserCache() {}

    /** The folder of one kind of thing in it, which may not be there yet. */
    public static Path folder(String kind) {
        String own = System.getenv("DYT4J_CACHE");
        String xdg = System.getenv("XDG_CACHE_HOME");
        Path base = own != null && !own.isBlank()
                ? Path.of(own)
                : xdg != null && !xdg.isBlank()
                        ? Path.of(xdg, "dyt4j")
                        : Path.of(System.getProperty("user.home"), ".cache", "dyt4j");
        return base.resolve(kind);
    }
}
