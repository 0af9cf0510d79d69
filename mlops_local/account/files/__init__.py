"""Files of stages and versions: where they lie, how they are written, how clients move them, and which were loaded."""
