"""What the account tells about itself in SQL: views of INFORMATION_SCHEMA and ACCOUNT_USAGE, histories, GET_DDL."""
