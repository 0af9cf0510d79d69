"""What runs inside Snowflake: procedures import it from the code archive. It sees rows; the agent does not."""
