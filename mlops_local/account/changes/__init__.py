"""Changes of tables: how they are captured, and how streams read them."""
