"""Tasks that this agent can run, one per file, with the input names, aliases and defaults of the real ones."""
