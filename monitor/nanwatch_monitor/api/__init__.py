"""The routes, one router a file. Each file has a `router(...)` that is given what it needs."""
