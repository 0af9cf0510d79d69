"""Where a score is from: what lies between it and a commit."""
