"""The HTTP protocol that Snowflake clients speak: sign-in, statements, results, files; on the loopback address only."""
