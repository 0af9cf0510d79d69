"""What the report shows: counted in the account, in a number of statements that no number of objects changes."""
