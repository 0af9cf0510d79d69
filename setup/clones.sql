-- What clones of an environment's database take, for those that are cloned to try changes on: a role that makes and owns them, and the
-- tags that say whose they are. After account.sql, with the same values, by somebody who may use ACCOUNTADMIN; safe to run again:
--
--   snow sql -f setup/clones.sql -D database=MLOPS_PROD -D warehouse=MLOPS_PROD_WH -D role=MLOPS_PROD_ROLE \
--     -D user=MLOPS_PROD_PIPELINE
--
-- https://docs.snowflake.com/en/user-guide/object-clone

USE ROLE ACCOUNTADMIN;

-- No privilege lets a role make databases of certain names alone: so one role makes them and does nothing else. The role of the pipeline
-- works in a clone with what it was granted in the source, which a clone keeps; neither that role nor a test in it can drop a database.
CREATE ROLE IF NOT EXISTS <% role %>_CLONES COMMENT = 'Makes clones of <% database %>, owns them, and drops them.';
GRANT ROLE <% role %>_CLONES TO ROLE SYSADMIN;
GRANT ROLE <% role %>_CLONES TO USER <% user %>;
-- Or every session would act with both roles at once.
ALTER USER <% user %> SET DEFAULT_SECONDARY_ROLES = ();

GRANT CREATE DATABASE ON ACCOUNT TO ROLE <% role %>_CLONES;
GRANT USAGE ON WAREHOUSE <% warehouse %> TO ROLE <% role %>_CLONES;
GRANT USAGE ON DATABASE <% database %> TO ROLE <% role %>_CLONES;
GRANT USAGE ON SCHEMA <% database %>.ML TO ROLE <% role %>_CLONES;

CREATE TAG IF NOT EXISTS <% database %>.ML.CLONE_OF COMMENT = 'Of a clone: the database that it was made from.';
CREATE TAG IF NOT EXISTS <% database %>.ML.CLONE_OWNER COMMENT = 'Of a clone: the repository whose pipeline made it.';
CREATE TAG IF NOT EXISTS <% database %>.ML.CLONE_RUN COMMENT = 'Of a clone: its own name and the run that made it.';
CREATE TAG IF NOT EXISTS <% database %>.ML.CLONE_EXPIRES COMMENT = 'Of a clone: when the janitor drops it, in UTC.';
GRANT APPLY ON TAG <% database %>.ML.CLONE_OF TO ROLE <% role %>_CLONES;
GRANT APPLY ON TAG <% database %>.ML.CLONE_OWNER TO ROLE <% role %>_CLONES;
GRANT APPLY ON TAG <% database %>.ML.CLONE_RUN TO ROLE <% role %>_CLONES;
GRANT APPLY ON TAG <% database %>.ML.CLONE_EXPIRES TO ROLE <% role %>_CLONES;
