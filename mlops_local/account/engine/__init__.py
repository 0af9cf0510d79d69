"""The DuckDB database below the account: its connections, what a transaction has written, and what look-ups may keep."""
