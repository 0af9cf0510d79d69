"""How Snowflake SQL is written: its tokens, names and data types, read one token after another."""
