"""User-defined functions and procedures: which one a call means, and how it runs in queries and in the sandbox."""
