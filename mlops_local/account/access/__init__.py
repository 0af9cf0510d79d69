"""Who may see and do what: roles, privileges, future grants and access tokens."""
