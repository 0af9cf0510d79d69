-- Everything the pipeline needs before its first run: warehouse, database, schemas, role, grants, user.
-- Safe to run again. Rendered and run by Snowflake CLI, once per environment, by somebody who may use ACCOUNTADMIN:
--
--   snow sql -f setup/account.sql -D database=MLOPS_DEV -D warehouse=MLOPS_DEV_WH -D role=MLOPS_DEV_ROLE \
--     -D user=MLOPS_DEV_PIPELINE -D public_key="$(grep -v PUBLIC mlops_dev.pub | tr -d '\n')"
--
-- https://docs.snowflake.com/en/developer-guide/snowflake-cli/sql/execute-sql

USE ROLE ACCOUNTADMIN;

CREATE WAREHOUSE IF NOT EXISTS <% warehouse %>
    WAREHOUSE_SIZE = XSMALL
    AUTO_SUSPEND = 60
    AUTO_RESUME = TRUE
    INITIALLY_SUSPENDED = TRUE
    COMMENT = 'Features, training and tasks of the machine learning pipeline.';

CREATE DATABASE IF NOT EXISTS <% database %>;
CREATE SCHEMA IF NOT EXISTS <% database %>.SOURCE COMMENT = 'What the pipeline reads and never writes.';
CREATE SCHEMA IF NOT EXISTS <% database %>.FEATURE_STORE COMMENT = 'Entities and feature views.';
CREATE SCHEMA IF NOT EXISTS <% database %>.ML COMMENT = 'Models, datasets, procedures, streams, tasks and what runs leave.';

CREATE ROLE IF NOT EXISTS <% role %> COMMENT = 'What the pipeline may do, and no more.';
GRANT ROLE <% role %> TO ROLE SYSADMIN;

GRANT USAGE ON WAREHOUSE <% warehouse %> TO ROLE <% role %>;
GRANT USAGE ON DATABASE <% database %> TO ROLE <% role %>;

-- The owner of a source table lets a stream be made on it: ALTER TABLE ... SET CHANGE_TRACKING = TRUE.
GRANT USAGE ON SCHEMA <% database %>.SOURCE TO ROLE <% role %>;
GRANT SELECT ON ALL TABLES IN SCHEMA <% database %>.SOURCE TO ROLE <% role %>;
GRANT SELECT ON FUTURE TABLES IN SCHEMA <% database %>.SOURCE TO ROLE <% role %>;

-- No more than what a run uses, which `python -m mlops_local grants` tells. Sources that are views, feature views that refresh
-- themselves (CREATE DYNAMIC TABLE) and other kinds of objects take grants of their own.
GRANT USAGE, CREATE TAG, CREATE VIEW, CREATE TABLE, CREATE FUNCTION
    ON SCHEMA <% database %>.FEATURE_STORE TO ROLE <% role %>;

-- CREATE FILE FORMAT is for what the connector makes for the time of a session when a training writes its rows (write_pandas).
GRANT USAGE, CREATE TABLE, CREATE STAGE, CREATE FILE FORMAT, CREATE PROCEDURE, CREATE DATASET, CREATE MODEL, CREATE STREAM, CREATE TASK
    ON SCHEMA <% database %>.ML TO ROLE <% role %>;

GRANT EXECUTE TASK ON ACCOUNT TO ROLE <% role %>;

CREATE USER IF NOT EXISTS <% user %>
    TYPE = SERVICE
    DEFAULT_ROLE = <% role %>
    DEFAULT_WAREHOUSE = <% warehouse %>
    DEFAULT_NAMESPACE = '<% database %>.ML'
    COMMENT = 'Logs in with a key pair only.';
-- Not part of CREATE, so that running this again with another key rotates it.
ALTER USER <% user %> SET RSA_PUBLIC_KEY = '<% public_key %>';
GRANT ROLE <% role %> TO USER <% user %>;
