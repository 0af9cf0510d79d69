# An embedded Snowflake account for the tests that ask for one.
pytest_plugins = "mlops_local.pytest_plugin"
