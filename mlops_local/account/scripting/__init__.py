"""Snowflake Scripting: blocks read into a tree, and run statement by statement."""
