"""What exists in the account and who was granted what on it: rows beside the data, written in the same transaction."""
