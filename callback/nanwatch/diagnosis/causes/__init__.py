"""One cause a file: why it happens, what to do, examples, and how it is recognised."""
