"""A session of a client: its parameters, the values that it binds, and the answers that it gets."""
