"""The stage set: an embedded Snowflake account and an Azure Pipelines agent, for one machine without a cloud."""
