"""The machine: what the pipeline calls. It knows Snowflake; it does not know where Snowflake runs."""
