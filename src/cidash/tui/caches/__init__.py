"""View 3, Caches: what caches are worth, why the last miss missed, and what is stored."""
