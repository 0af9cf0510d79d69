-- What it takes to try changes on clones of an environment's database: a user with a key pair of its own, whose role makes clones, works in
-- them and drops them, and can change nothing in the database itself. After account.sql, by somebody who may use ACCOUNTADMIN; safe to
-- run again:
--
--   snow sql -f setup/clones.sql -D database=MLOPS_PROD -D warehouse=MLOPS_PROD_WH -D role=MLOPS_PROD_ROLE \
--     -D clones_user=MLOPS_PROD_CLONES -D clones_public_key="$(grep -v PUBLIC mlops_prod_clones.pub | tr -d '\n')"
--
-- Why it is built so: docs/adr/0009-a-clone-is-handed-over.md. https://docs.snowflake.com/en/user-guide/object-clone

USE ROLE ACCOUNTADMIN;

-- No privilege lets a role make databases of certain names alone. One that makes others can do them no good or harm: they are its own.
CREATE ROLE IF NOT EXISTS <% role %>_CLONES COMMENT = 'Makes clones of <% database %>, works in them, and drops them.';
GRANT ROLE <% role %>_CLONES TO ROLE SYSADMIN;
GRANT CREATE DATABASE, EXECUTE TASK ON ACCOUNT TO ROLE <% role %>_CLONES;
GRANT USAGE ON WAREHOUSE <% warehouse %> TO ROLE <% role %>_CLONES;

-- In the database itself it looks and reads. A clone keeps these grants on what is in it; models are copied by who may read them, and the
-- code of functions stays on the stages of the database.
GRANT USAGE ON DATABASE <% database %> TO ROLE <% role %>_CLONES;
GRANT USAGE ON SCHEMA <% database %>.SOURCE TO ROLE <% role %>_CLONES;
GRANT USAGE ON SCHEMA <% database %>.FEATURE_STORE TO ROLE <% role %>_CLONES;
GRANT USAGE ON SCHEMA <% database %>.ML TO ROLE <% role %>_CLONES;
GRANT SELECT ON ALL TABLES IN SCHEMA <% database %>.SOURCE TO ROLE <% role %>_CLONES;
GRANT SELECT ON FUTURE TABLES IN SCHEMA <% database %>.SOURCE TO ROLE <% role %>_CLONES;
-- A clone holds what the role that makes it may read and use, and nothing else: of what the pipeline has made, all but streams and tasks,
-- which come along for their owner alone, procedures, which this role has no business to call, and datasets, whose owner cannot be
-- changed. Those are made in the clone by what is applied to it. https://docs.snowflake.com/en/sql-reference/sql/create-clone
GRANT SELECT ON ALL TABLES IN SCHEMA <% database %>.FEATURE_STORE TO ROLE <% role %>_CLONES;
GRANT SELECT ON FUTURE TABLES IN SCHEMA <% database %>.FEATURE_STORE TO ROLE <% role %>_CLONES;
GRANT SELECT ON ALL VIEWS IN SCHEMA <% database %>.FEATURE_STORE TO ROLE <% role %>_CLONES;
GRANT SELECT ON FUTURE VIEWS IN SCHEMA <% database %>.FEATURE_STORE TO ROLE <% role %>_CLONES;
GRANT USAGE ON ALL FUNCTIONS IN SCHEMA <% database %>.FEATURE_STORE TO ROLE <% role %>_CLONES;
GRANT USAGE ON FUTURE FUNCTIONS IN SCHEMA <% database %>.FEATURE_STORE TO ROLE <% role %>_CLONES;
GRANT SELECT ON ALL TABLES IN SCHEMA <% database %>.ML TO ROLE <% role %>_CLONES;
GRANT SELECT ON FUTURE TABLES IN SCHEMA <% database %>.ML TO ROLE <% role %>_CLONES;
GRANT READ ON ALL STAGES IN SCHEMA <% database %>.ML TO ROLE <% role %>_CLONES;
GRANT READ ON FUTURE STAGES IN SCHEMA <% database %>.ML TO ROLE <% role %>_CLONES;
GRANT READ ON ALL MODELS IN SCHEMA <% database %>.ML TO ROLE <% role %>_CLONES;
GRANT READ ON FUTURE MODELS IN SCHEMA <% database %>.ML TO ROLE <% role %>_CLONES;

CREATE TAG IF NOT EXISTS <% database %>.ML.CLONE_OF COMMENT = 'Of a clone: the database that it was made from.';
CREATE TAG IF NOT EXISTS <% database %>.ML.CLONE_OWNER COMMENT = 'Of a clone: the repository whose pipeline made it.';
CREATE TAG IF NOT EXISTS <% database %>.ML.CLONE_RUN COMMENT = 'Of a clone: its own name and the run that made it.';
CREATE TAG IF NOT EXISTS <% database %>.ML.CLONE_EXPIRES COMMENT = 'Of a clone: when the janitor drops it, in UTC.';
GRANT APPLY ON TAG <% database %>.ML.CLONE_OF TO ROLE <% role %>_CLONES;
GRANT APPLY ON TAG <% database %>.ML.CLONE_OWNER TO ROLE <% role %>_CLONES;
GRANT APPLY ON TAG <% database %>.ML.CLONE_RUN TO ROLE <% role %>_CLONES;
GRANT APPLY ON TAG <% database %>.ML.CLONE_EXPIRES TO ROLE <% role %>_CLONES;

-- What is in a clone belongs to the pipeline's role, as in its source, and takes its owner to be replaced. The procedure below gives it to
-- the role of clones. It acts with a role that no user is given: that has the pipeline's role, whose objects they are, and the role of
-- clones, because ownership goes only to a role that one has. https://docs.snowflake.com/en/sql-reference/sql/grant-ownership
CREATE ROLE IF NOT EXISTS <% role %>_HAND_OVER COMMENT = 'Of the procedure <% database %>.CLONES.HAND_OVER; for no user.';
GRANT ROLE <% role %>_HAND_OVER TO ROLE SYSADMIN;
GRANT ROLE <% role %> TO ROLE <% role %>_HAND_OVER;
GRANT ROLE <% role %>_CLONES TO ROLE <% role %>_HAND_OVER;
-- What account.sql grants the pipeline's role on these schemas, to be granted on in a clone of them.
GRANT USAGE, CREATE TAG, CREATE VIEW, CREATE TABLE, CREATE FUNCTION
    ON SCHEMA <% database %>.FEATURE_STORE TO ROLE <% role %>_HAND_OVER WITH GRANT OPTION;
GRANT USAGE, CREATE TABLE, CREATE STAGE, CREATE FILE FORMAT, CREATE PROCEDURE, CREATE DATASET, CREATE MODEL, CREATE STREAM, CREATE TASK
    ON SCHEMA <% database %>.ML TO ROLE <% role %>_HAND_OVER WITH GRANT OPTION;

CREATE SCHEMA IF NOT EXISTS <% database %>.CLONES COMMENT = 'Of those who administer clones.';
GRANT USAGE ON SCHEMA <% database %>.CLONES TO ROLE <% role %>_CLONES;
GRANT USAGE ON SCHEMA <% database %>.CLONES TO ROLE <% role %>_HAND_OVER;

-- How many objects were handed over. Names come from the account and are quoted; a clone's is of the one form that needs no quotes.
CREATE OR REPLACE PROCEDURE <% database %>.CLONES.HAND_OVER(PLACE VARCHAR)
    RETURNS NUMBER
    LANGUAGE SQL
    COMMENT = 'Gives what is in a clone to the role that made it.'
    EXECUTE AS OWNER
AS
$$
DECLARE
    no_clone EXCEPTION (-20001, 'Only a clone is handed over: a database MLOPS_CLONE_ and upper case letters, digits and underscores.');
    kinds ARRAY DEFAULT ARRAY_CONSTRUCT('DYNAMIC TABLE', 'TABLE', 'VIEW', 'STREAM', 'TASK', 'TAG', 'FUNCTION', 'PROCEDURE');
    works ARRAY DEFAULT ARRAY_CONSTRUCT('FEATURE_STORE', 'ML');
    handed NUMBER DEFAULT 0;
BEGIN
    IF (PLACE IS NULL OR NOT REGEXP_LIKE(PLACE, 'MLOPS_CLONE_[A-Z0-9][A-Z0-9_]*') OR PLACE = UPPER('<% database %>')) THEN
        RAISE no_clone;
    END IF;
    FOR i IN 0 TO ARRAY_SIZE(kinds) - 1 DO
        LET kind VARCHAR := GET(kinds, i)::VARCHAR;
        LET question VARCHAR := 'SHOW ' || kind || 'S IN DATABASE ' || PLACE;
        IF (kind IN ('FUNCTION', 'PROCEDURE')) THEN
            question := 'SELECT ' || kind || '_SCHEMA AS "schema_name", ' || kind || '_NAME AS "name", ' || kind || '_OWNER AS "owner", '
                || 'ARGUMENT_SIGNATURE AS "signature" FROM ' || PLACE || '.INFORMATION_SCHEMA.' || kind || 'S';
            EXECUTE IMMEDIATE :question;
        ELSE
            EXECUTE IMMEDIATE :question;
            SELECT "schema_name", "name", "owner", '' AS "signature" FROM TABLE(RESULT_SCAN(LAST_QUERY_ID()));
        END IF;
        -- What tells overloads apart are the types of a signature, without the names of its arguments.
        LET found RESULTSET := (
            SELECT
                '"' || REPLACE("schema_name", '"', '""') || '"."' || REPLACE("name", '"', '""') || '"'
                || REGEXP_REPLACE("signature", '([(,] ?)[^ ,()]+ ', '\\1') AS FULL_NAME
            FROM TABLE(RESULT_SCAN(LAST_QUERY_ID()))
            WHERE "owner" = UPPER('<% role %>')
        );
        FOR one IN found DO
            LET full_name VARCHAR := one.FULL_NAME;
            LET transfer VARCHAR := 'GRANT OWNERSHIP ON ' || kind || ' ' || PLACE || '.' || full_name
                || ' TO ROLE <% role %>_CLONES COPY CURRENT GRANTS';
            EXECUTE IMMEDIATE :transfer;
            handed := handed + 1;
        END FOR;
    END FOR;
    FOR i IN 0 TO ARRAY_SIZE(works) - 1 DO
        LET work VARCHAR := PLACE || '.' || GET(works, i)::VARCHAR;
        LET question VARCHAR := 'SHOW GRANTS ON SCHEMA ' || work;
        EXECUTE IMMEDIATE :question;
        LET found RESULTSET := (
            SELECT "privilege" AS ALLOWED
            FROM TABLE(RESULT_SCAN(LAST_QUERY_ID()))
            WHERE "grantee_name" = UPPER('<% role %>_HAND_OVER') AND "privilege" <> 'OWNERSHIP'
        );
        FOR one IN found DO
            LET allowed VARCHAR := one.ALLOWED;
            LET permission VARCHAR := 'GRANT ' || allowed || ' ON SCHEMA ' || work || ' TO ROLE <% role %>_CLONES';
            EXECUTE IMMEDIATE :permission;
        END FOR;
    END FOR;
    RETURN handed;
END
$$;
GRANT OWNERSHIP ON PROCEDURE <% database %>.CLONES.HAND_OVER(VARCHAR) TO ROLE <% role %>_HAND_OVER REVOKE CURRENT GRANTS;
GRANT USAGE ON PROCEDURE <% database %>.CLONES.HAND_OVER(VARCHAR) TO ROLE <% role %>_CLONES;

CREATE USER IF NOT EXISTS <% clones_user %>
    TYPE = SERVICE
    DEFAULT_ROLE = <% role %>_CLONES
    DEFAULT_WAREHOUSE = <% warehouse %>
    DEFAULT_NAMESPACE = '<% database %>.ML'
    DEFAULT_SECONDARY_ROLES = ()
    COMMENT = 'Tries changes on clones; logs in with a key pair only.';
-- Not part of CREATE, so that running this again with another key rotates it.
ALTER USER <% clones_user %> SET RSA_PUBLIC_KEY = '<% clones_public_key %>';
GRANT ROLE <% role %>_CLONES TO USER <% clones_user %>;
