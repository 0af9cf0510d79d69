"""An embedded Snowflake account that the real, unmodified Snowflake clients log in to."""
