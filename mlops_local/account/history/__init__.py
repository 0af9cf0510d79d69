"""What has been: queries, events, the work of warehouses, and objects that were dropped and can come back."""
