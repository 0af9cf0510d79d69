"""What runs inside the worker's process. Nothing here is imported by the account itself."""
