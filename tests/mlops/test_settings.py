from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops.errors import SettingsError
from mlops.settings import read_settings

GIVEN = {
    "SNOWFLAKE_ACCOUNT": "org-account",
    "SNOWFLAKE_USER": "pipeline",
    "SNOWFLAKE_WAREHOUSE": "wh",
    "SNOWFLAKE_DATABASE": "Db",
    "SNOWFLAKE_PRIVATE_KEY_FILE": "key.p8",
}


def test_plain_names_fold_to_upper_case_and_quoted_ones_stay() -> None:
    settings = read_settings({**GIVEN, "SNOWFLAKE_WAREHOUSE": '"wh"', "SNOWFLAKE_ROLE": "role"})
    assert (settings.user, settings.warehouse, settings.database, settings.role) == ("PIPELINE", "wh", "DB", "ROLE")


def test_what_is_not_set_has_a_default() -> None:
    settings = read_settings(GIVEN)
    assert (settings.schema, settings.role, settings.host, settings.port, settings.protocol) == ("ML", None, None, None, "https")
    assert (settings.home.sql, settings.feature_store.sql) == ('"DB"."ML"', '"DB"."FEATURE_STORE"')


def test_everything_that_is_wrong_is_named_at_once() -> None:
    environ = {"SNOWFLAKE_USER": "u", "SNOWFLAKE_PORT": "seventy", "SNOWFLAKE_PROTOCOL": "ftp", "SNOWFLAKE_DATABASE": " "}
    with pytest.raises(SettingsError) as raised:
        read_settings(environ)
    for name in ("ACCOUNT", "WAREHOUSE", "DATABASE", "PRIVATE_KEY_FILE", "PORT", "PROTOCOL"):
        assert f"SNOWFLAKE_{name}" in str(raised.value)


@given(st.text(alphabet=st.characters(blacklist_characters="()", codec="ascii", categories=("L", "N", "P")), min_size=1))
def test_a_macro_that_was_not_expanded_is_not_set(name: str) -> None:
    with pytest.raises(SettingsError, match="SNOWFLAKE_ACCOUNT"):
        read_settings({**GIVEN, "SNOWFLAKE_ACCOUNT": f"$({name})"})


def test_what_a_variable_group_does_not_set_is_not_there() -> None:
    absent = {f"SNOWFLAKE_{name.upper()}": f"$({name})" for name in ("host", "port", "protocol", "private_key_passphrase")}
    assert read_settings({**GIVEN, **absent}) == read_settings(GIVEN)


@given(st.text(min_size=8, alphabet="abcdefghijklmnopqrstuvwxyz0123456789"))
def test_no_value_occurs_in_a_message_or_in_a_settings_text(secret: str) -> None:
    secret = f"s3cret-{secret}"
    wrong = dict.fromkeys(("SNOWFLAKE_PORT", "SNOWFLAKE_PROTOCOL", "SNOWFLAKE_AUTHENTICATOR", "SNOWFLAKE_PASSWORD"), secret)
    with pytest.raises(SettingsError) as raised:
        read_settings({**wrong, "SNOWFLAKE_DEFAULT_CONNECTION_NAME": secret})
    assert secret not in str(raised.value)
    settings = read_settings({**GIVEN, "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE": secret})
    assert secret not in repr(settings)
    assert settings.private_key_passphrase is not None
    assert settings.private_key_passphrase.reveal() == secret


def test_a_password_is_refused_unless_it_is_allowed() -> None:
    environ = {**GIVEN, "SNOWFLAKE_AUTHENTICATOR": "snowflake", "SNOWFLAKE_PASSWORD": "p"}
    with pytest.raises(SettingsError, match="MLOPS_ALLOW_PASSWORD"):
        read_settings(environ)
    assert read_settings({**environ, "MLOPS_ALLOW_PASSWORD": "true"}).password


def test_a_named_connection_fills_what_the_environment_leaves_open() -> None:
    connections = {"dev": {"account": "a", "user": "u", "warehouse": "w", "database": "d", "private_key_path": "k", "port": 1234}}
    environ = {"SNOWFLAKE_DEFAULT_CONNECTION_NAME": "dev", "SNOWFLAKE_DATABASE": "other"}
    settings = read_settings(environ, lambda: connections)
    assert (settings.user, settings.database, settings.private_key_file, settings.port) == ("U", "OTHER", "k", 1234)


def test_connections_are_not_looked_for_when_none_is_named() -> None:
    def refuse() -> dict[str, dict[str, object]]:
        raise AssertionError

    assert read_settings(GIVEN, refuse)


WORKLOAD = {**{name: value for name, value in GIVEN.items() if "KEY" not in name}, "SNOWFLAKE_AUTHENTICATOR": "workload_identity"}


def test_a_workload_identity_needs_a_token_and_no_key() -> None:
    with pytest.raises(SettingsError, match="SNOWFLAKE_TOKEN_FILE_PATH, or SNOWFLAKE_TOKEN"):
        read_settings(WORKLOAD)
    assert read_settings({**WORKLOAD, "SNOWFLAKE_TOKEN_FILE_PATH": "token"}).token_file == "token"
    settings = read_settings({**WORKLOAD, "SNOWFLAKE_TOKEN": "a.b.c", "SNOWFLAKE_WORKLOAD_IDENTITY_PROVIDER": "oidc"})
    assert settings.token is not None
    assert settings.token.reveal() == "a.b.c"
    assert "a.b.c" not in repr(settings)


@pytest.mark.parametrize("provider", ["AWS", "AZURE", "GCP", "other"])
def test_a_provider_that_fetches_its_own_token_is_refused(provider: str) -> None:
    environ = {**WORKLOAD, "SNOWFLAKE_TOKEN": "a.b.c", "SNOWFLAKE_WORKLOAD_IDENTITY_PROVIDER": provider}
    with pytest.raises(SettingsError, match="SNOWFLAKE_WORKLOAD_IDENTITY_PROVIDER must be one of OIDC"):
        read_settings(environ)
