"""One dialogue a file, each a generator of steps."""
