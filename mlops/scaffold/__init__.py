"""The repository that a team starts from: `files/` as they are written, and what writes them and brings them to a newer tag."""
