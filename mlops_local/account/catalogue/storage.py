"""The tables in which the catalogue lies."""

from __future__ import annotations

from mlops_local.account.catalogue.grants import Grants
from mlops_local.account.engine.engine import Connection

_SCHEMA = """
CREATE SCHEMA IF NOT EXISTS account;
CREATE SEQUENCE IF NOT EXISTS account.ids START 1;
CREATE TABLE IF NOT EXISTS account.objects (
    id BIGINT NOT NULL, kind VARCHAR NOT NULL, domain VARCHAR NOT NULL, database VARCHAR NOT NULL, schema VARCHAR NOT NULL,
    name VARCHAR NOT NULL, parent BIGINT NOT NULL, session BIGINT NOT NULL, owner VARCHAR, comment VARCHAR NOT NULL,
    created_on TIMESTAMPTZ NOT NULL, properties VARCHAR NOT NULL);
CREATE TABLE IF NOT EXISTS account.columns (
    object BIGINT NOT NULL, position INTEGER NOT NULL, name VARCHAR NOT NULL, type VARCHAR NOT NULL, nullable BOOLEAN NOT NULL,
    "default" VARCHAR, comment VARCHAR);
CREATE TABLE IF NOT EXISTS account.tag_references (tag BIGINT NOT NULL, object BIGINT NOT NULL, value VARCHAR NOT NULL);
ALTER TABLE account.tag_references ADD COLUMN IF NOT EXISTS column_name VARCHAR DEFAULT '';
"""


def create_tables(connection: Connection) -> None:
    for statement in _SCHEMA.strip().split(";\n"):
        connection.execute(statement)
    Grants.create_tables(connection)
