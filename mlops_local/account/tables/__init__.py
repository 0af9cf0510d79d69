"""Rows of tables: how they lie in the engine, how their columns change, and how streams read what has changed."""
