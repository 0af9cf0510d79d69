"""Roles, ownership and grants: what follows from them, beyond the privilege that a statement takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from snowflake.connector.errors import ProgrammingError

Ask = Callable[..., list[tuple[object, ...]]]


@pytest.fixture(autouse=True)
def nothing_granted(ask: Ask, peer: Ask, place: str) -> Iterator[None]:
    """A test begins in the schema, with what PEER had at first; a second role PEER2 is below nobody."""
    ask("CREATE OR REPLACE ROLE PEER2")
    yield
    ask("REVOKE ALL ON ALL TABLES IN SCHEMA S FROM ROLE PEER CASCADE")
    ask("REVOKE ALL ON FUTURE TABLES IN SCHEMA S FROM ROLE PEER")
    ask("REVOKE CREATE TABLE ON SCHEMA S FROM ROLE PEER")
    ask("DROP ROLE IF EXISTS PEER2")
    ask("DROP TABLE IF EXISTS N")
    peer("USE ROLE PEER")
    peer("USE SECONDARY ROLES NONE")


def refused(peer: Ask, text: str) -> int | None:
    with pytest.raises(ProgrammingError) as refusal:
        peer(text)
    return refusal.value.errno


def test_a_view_reads_with_the_rights_of_its_owner(ask: Ask, peer: Ask) -> None:
    ask("GRANT SELECT ON VIEW V TO ROLE PEER")
    assert peer("SELECT COUNT(*) FROM V") == [(0,)]
    assert refused(peer, "SELECT COUNT(*) FROM T") == 2003
    ask("REVOKE SELECT ON VIEW V FROM ROLE PEER")


def test_functions_and_procedures_read_with_the_rights_of_their_owner(ask: Ask, peer: Ask) -> None:
    ask("GRANT USAGE ON FUNCTION F(INT) TO ROLE PEER")
    ask("GRANT USAGE ON PROCEDURE P() TO ROLE PEER")
    assert (peer("SELECT F(1)"), peer("CALL P()")) == ([(1,)], [(0,)])
    ask("ALTER PROCEDURE P() EXECUTE AS CALLER")
    assert refused(peer, "CALL P()") is not None
    ask("ALTER PROCEDURE P() EXECUTE AS OWNER")
    ask("REVOKE USAGE ON FUNCTION F(INT) FROM ROLE PEER")
    ask("REVOKE USAGE ON PROCEDURE P() FROM ROLE PEER")


def test_a_refresh_reads_with_the_rights_of_the_owner(ask: Ask, peer: Ask) -> None:
    ask("GRANT OPERATE, SELECT ON DYNAMIC TABLE DT TO ROLE PEER")
    ask("INSERT INTO T VALUES (1)")
    peer("ALTER DYNAMIC TABLE DT REFRESH")
    assert peer("SELECT * FROM DT") == [(1,)]
    ask("DELETE FROM T")
    ask("REVOKE ALL ON DYNAMIC TABLE DT FROM ROLE PEER")


@pytest.mark.parametrize(
    ("container", "absent"), [("DATABASE", "Database '{0}' does not"), ("SCHEMA", "Schema '{0}.S' does not")]
)
def test_without_the_way_to_it_nothing_exists(ask: Ask, peer: Ask, place: str, container: str, absent: str) -> None:
    database = place.split(".", maxsplit=1)[0]
    name = database if container == "DATABASE" else place
    ask("GRANT SELECT ON TABLE T TO ROLE PEER")
    ask(f"REVOKE USAGE ON {container} {name} FROM ROLE PEER")
    with pytest.raises(ProgrammingError, match=absent.format(database)) as refusal:
        peer(f"SELECT * FROM {place}.T")
    assert (refusal.value.errno, refusal.value.sqlstate) == (2003, "02000")
    ask(f"GRANT USAGE ON {container} {name} TO ROLE PEER")
    assert peer(f"SELECT * FROM {place}.T") == []


@pytest.mark.parametrize(
    "text",
    [
        "SHOW TABLES IN SCHEMA {0}",
        "SELECT TABLE_NAME FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_TYPE = 'BASE TABLE' AND IS_DYNAMIC = 'NO'",
        "SELECT DISTINCT TABLE_NAME FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = 'T'",
    ],
)
def test_lists_hold_what_the_role_may_see(ask: Ask, peer: Ask, place: str, text: str) -> None:
    assert peer(text.format(place)) == []
    ask("GRANT REFERENCES ON TABLE T TO ROLE PEER")
    assert "T" in peer(text.format(place))[0]


def test_tags_are_seen_by_all_who_reach_their_schema_and_changed_by_their_owner(ask: Ask, peer: Ask, place: str) -> None:
    assert [row[1] for row in peer(f"SHOW TAGS IN SCHEMA {place}")] == ["TG"]
    assert peer(f"SELECT ENTITY_DETAIL('TAG', '{place}.TG', '[\"TAG_REFERENCES_INTERNAL\"]')") != []
    assert refused(peer, f"DROP TAG {place}.TG") == 3001


def test_databases_and_warehouses_that_are_not_granted_are_not_listed(ask: Ask, peer: Ask, place: str) -> None:
    granted = place.split(".", maxsplit=1)[0]
    ask(f"CREATE DATABASE {granted}_UNGRANTED")
    ask(f"CREATE WAREHOUSE {granted}_UNGRANTED")
    ask(f"USE SCHEMA {place}")
    listed = [row[1] for row in peer("SHOW DATABASES")]
    assert granted in listed
    assert f"{granted}_UNGRANTED" not in listed
    listing = f"SHOW WAREHOUSES LIKE '{granted}_UNGRANTED'"
    assert peer(listing) == []
    assert len(ask(listing)) == 1


def test_what_is_hidden_still_has_its_name(peer: Ask, ask: Ask) -> None:
    ask("GRANT CREATE TABLE ON SCHEMA S TO ROLE PEER")
    for text in ("CREATE TABLE T (A INT)", "CREATE TABLE IF NOT EXISTS T (A INT)", "CREATE OR REPLACE TABLE T (A INT)"):
        assert refused(peer, text) == 3041
    assert refused(peer, "CREATE TEMPORARY TABLE T (A INT)") == 3001


def test_tags_are_seen_where_their_schema_is_and_applied_by_those_who_may(ask: Ask, peer: Ask) -> None:
    ask("ALTER TABLE T SET TAG TG = 'x'")
    ask("GRANT SELECT ON TABLE T TO ROLE PEER")
    assert [row[1] for row in peer("SHOW TAGS")] == ["TG"]
    assert peer("SELECT SYSTEM$GET_TAG('TG', 'T', 'TABLE')") == [("x",)]
    for text in ("ALTER TABLE T UNSET TAG TG", "DROP TAG TG"):
        assert refused(peer, text) == 3001
    ask("ALTER TABLE T UNSET TAG TG")


def test_future_grants_come_with_new_objects(ask: Ask, peer: Ask, place: str) -> None:
    ask("GRANT SELECT ON FUTURE TABLES IN SCHEMA S TO ROLE PEER")
    ask("CREATE TABLE N AS SELECT 1 AS A")
    assert peer("SELECT * FROM N") == [(1,)]
    assert refused(peer, "SELECT * FROM T") == 2003
    assert [row[1:6] for row in ask("SHOW FUTURE GRANTS IN SCHEMA S")] == [
        ("SELECT", "TABLE", f"{place}.<TABLE>", "ROLE", "PEER")
    ]
    ask("REVOKE SELECT ON FUTURE TABLES IN SCHEMA S FROM ROLE PEER")
    ask("CREATE OR REPLACE TABLE N (A INT)")
    assert refused(peer, "SELECT * FROM N") == 2003


def test_a_schemas_future_grants_stand_before_its_databases(ask: Ask, peer: Ask, place: str) -> None:
    database = place.split(".", maxsplit=1)[0]
    ask(f"GRANT SELECT ON FUTURE TABLES IN DATABASE {database} TO ROLE PEER")
    ask("GRANT INSERT ON FUTURE TABLES IN SCHEMA S TO ROLE PEER")
    ask("CREATE TABLE N (A INT)")
    ask(f"REVOKE SELECT ON FUTURE TABLES IN DATABASE {database} FROM ROLE PEER")
    assert refused(peer, "SELECT * FROM N") == 3001
    peer("INSERT INTO N VALUES (1)")


def test_future_ownership_makes_the_owner(ask: Ask, peer: Ask) -> None:
    ask("GRANT OWNERSHIP ON FUTURE TABLES IN SCHEMA S TO ROLE PEER")
    ask("CREATE TABLE N (A INT)")
    ask("REVOKE OWNERSHIP ON FUTURE TABLES IN SCHEMA S FROM ROLE PEER")
    peer("ALTER TABLE N ADD COLUMN B INT")


def test_ownership_goes_to_another_role_with_or_without_the_grants(ask: Ask, peer: Ask) -> None:
    ask("CREATE TABLE N (A INT)")
    ask("GRANT SELECT ON TABLE N TO ROLE PEER2")
    assert refused(ask, "GRANT OWNERSHIP ON TABLE N TO ROLE PEER") == 3036
    ask("GRANT OWNERSHIP ON TABLE N TO ROLE PEER COPY CURRENT GRANTS")
    assert [(row[1], row[5], row[7]) for row in ask("SHOW GRANTS ON TABLE N")] == [
        ("OWNERSHIP", "PEER", "PEER"),
        ("SELECT", "PEER2", "PEER"),
    ]


def test_ownership_goes_to_a_role_that_is_active_unless_grants_are_managed(ask: Ask, peer: Ask) -> None:
    ask("CREATE TABLE N (A INT)")
    ask("GRANT OWNERSHIP ON TABLE N TO ROLE PEER")
    for role in ("ACCOUNTADMIN", "PEER2"):
        assert refused(peer, f"GRANT OWNERSHIP ON TABLE N TO ROLE {role}") == 3001
    ask("GRANT ROLE PEER2 TO ROLE PEER")
    peer("GRANT OWNERSHIP ON TABLE N TO ROLE PEER2")
    ask("REVOKE ROLE PEER2 FROM ROLE PEER")
    assert refused(peer, "DROP TABLE N") == 2003


def test_the_grant_option_lets_others_grant_and_revoke_cascades(ask: Ask, peer: Ask) -> None:
    ask("GRANT SELECT ON TABLE T TO ROLE PEER WITH GRANT OPTION")
    peer("GRANT SELECT ON TABLE T TO ROLE PEER2")
    assert refused(peer, "GRANT INSERT ON TABLE T TO ROLE PEER2") == 3001
    assert [row[7] for row in ask("SHOW GRANTS TO ROLE PEER2")] == ["PEER"]
    assert refused(ask, "REVOKE SELECT ON TABLE T FROM ROLE PEER RESTRICT") == 3935
    ask("REVOKE GRANT OPTION FOR SELECT ON TABLE T FROM ROLE PEER CASCADE")
    assert ask("SHOW GRANTS TO ROLE PEER2") == []
    assert peer("SELECT * FROM T") == []
    assert refused(peer, "GRANT SELECT ON TABLE T TO ROLE PEER2") == 3001


def test_in_a_managed_schema_its_owner_grants(ask: Ask, peer: Ask, place: str) -> None:
    ask("CREATE SCHEMA M WITH MANAGED ACCESS")
    ask("GRANT USAGE, CREATE TABLE ON SCHEMA M TO ROLE PEER")
    peer("USE SCHEMA M")
    peer("CREATE TABLE N (A INT)")
    assert refused(peer, "GRANT SELECT ON TABLE N TO ROLE PEER2") == 3001
    ask("GRANT SELECT ON TABLE M.N TO ROLE PEER2")
    ask("GRANT OWNERSHIP ON SCHEMA M TO ROLE PEER COPY CURRENT GRANTS")
    peer("GRANT SELECT ON FUTURE TABLES IN SCHEMA M TO ROLE PEER2")
    peer("DROP SCHEMA M")
    peer(f"USE SCHEMA {place}")
    ask(f"USE SCHEMA {place}")


def test_secondary_roles_count_for_everything_but_create(ask: Ask, peer: Ask) -> None:
    ask("GRANT SELECT ON TABLE T TO ROLE PEER")
    ask("GRANT CREATE TABLE ON SCHEMA S TO ROLE PEER")
    ask("GRANT ROLE PEER2 TO USER PEER_USER")
    peer("USE ROLE PEER2")
    assert refused(peer, "SELECT * FROM T") == 2003
    for roles in ("ALL", "PEER"):
        peer(f"USE SECONDARY ROLES {roles}")
        assert peer("SELECT * FROM T") == []
        assert refused(peer, "CREATE TABLE N (A INT)") == 2003
    assert peer("SELECT CURRENT_SECONDARY_ROLES(), IS_ROLE_IN_SESSION('PEER')") == [('{"roles":"PEER","value":"PEER"}', True)]
    assert refused(peer, "USE SECONDARY ROLES ACCOUNTADMIN") == 2003


def test_roles_inherit(ask: Ask, peer: Ask) -> None:
    ask("GRANT SELECT ON TABLE T TO ROLE PEER2")
    assert refused(peer, "SELECT * FROM T") == 2003
    ask("GRANT ROLE PEER2 TO ROLE PEER")
    assert peer("SELECT * FROM T") == []
    ask("REVOKE ROLE PEER2 FROM ROLE PEER")
    assert refused(peer, "SELECT * FROM T") == 2003


def test_an_administrator_owns_what_is_below_only(ask: Ask, place: str) -> None:
    """ACCOUNTADMIN may take what a role that stands beside the hierarchy owns, it does not have it."""
    ask("GRANT ROLE PEER2 TO USER ADMIN")
    ask("GRANT OWNERSHIP ON TABLE T TO ROLE PEER2 REVOKE CURRENT GRANTS")
    ask("USE SECONDARY ROLES NONE")
    assert refused(ask, "SELECT * FROM T") == 2003
    ask(f"GRANT OWNERSHIP ON TABLE {place}.T TO ROLE ACCOUNTADMIN")
    assert ask("SELECT * FROM T") == []
    ask("USE SECONDARY ROLES ALL")


def test_a_dropped_role_leaves_what_it_owned_to_who_drops_it(ask: Ask) -> None:
    ask("CREATE TABLE N (A INT)")
    ask("GRANT OWNERSHIP ON TABLE N TO ROLE PEER2")
    ask("DROP ROLE PEER2")
    assert [row[5] for row in ask("SHOW GRANTS ON TABLE N")] == ["ACCOUNTADMIN"]


def test_system_roles_have_what_snowflake_says(ask: Ask) -> None:
    held = {role: {row[1] for row in ask(f"SHOW GRANTS TO ROLE {role}")} for role in ("USERADMIN", "SECURITYADMIN", "SYSADMIN")}
    assert {"CREATE USER", "CREATE ROLE"} <= held["USERADMIN"]
    assert "MANAGE GRANTS" in held["SECURITYADMIN"]
    assert {"CREATE DATABASE", "CREATE WAREHOUSE"} <= held["SYSADMIN"]
    assert [row[1] for row in ask("SHOW GRANTS OF ROLE USERADMIN")] == ["USERADMIN"]


def test_a_grant_is_seen_by_sessions_that_are_open(ask: Ask, peer: Ask) -> None:
    """Privileges are remembered between statements, in an open transaction too."""
    peer("BEGIN")
    assert refused(peer, "SELECT * FROM T") == 2003
    peer("COMMIT")
    ask("GRANT SELECT ON TABLE T TO ROLE PEER")
    assert peer("SELECT * FROM T") == []
    ask("REVOKE SELECT ON TABLE T FROM ROLE PEER")
    assert refused(peer, "SELECT * FROM T") == 2003


def test_what_learns_and_what_it_learns_from_stays_with_its_owner(ask: Ask) -> None:
    """https://docs.snowflake.com/en/sql-reference/sql/grant-ownership has no datasets, and says of models that they stay."""
    ask("CREATE DATASET KEPT")
    assert refused(ask, "GRANT OWNERSHIP ON DATASET KEPT TO ROLE PEER2 COPY CURRENT GRANTS") == 2
    assert refused(ask, "GRANT OWNERSHIP ON ALL DATASETS IN SCHEMA S TO ROLE PEER2 COPY CURRENT GRANTS") == 2
    ask("DROP DATASET KEPT")
