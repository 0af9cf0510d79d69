"""What is said of objects: the tags that they carry, and the lineage of what was made of what."""
