"""The statements that the account knows, one module per kind of object or family of commands."""
