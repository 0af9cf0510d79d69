"""Kinds of object that the account never has: clients look whether there are any, and clean up after them.

CREATE is refused; SHOW answers that there are none, with Snowflake's columns, and DROP .. IF EXISTS that there is nothing to drop.
https://docs.snowflake.com/en/sql-reference/sql/show
"""

from __future__ import annotations

from dataclasses import dataclass

from mlops_local.account.errors import does_not_exist
from mlops_local.account.session.result import Column, Result, rows, status
from mlops_local.account.session.session import Session
from mlops_local.account.statements.kind import Change, Kind, Read, read_filter
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import TEXT, TIMESTAMP_LTZ

_TIMES = {"created_on", "updated_on", "resumed_on", "spec_updated_on", "last_loaded_on"}


@dataclass(frozen=True)
class Absent:
    """One such kind: its words, the columns of SHOW, and whether it belongs to the account rather than to a schema."""

    words: str
    columns: str
    plural: str = ""
    of_account: bool = False
    dropped: bool = True

    @property
    def kind(self) -> Kind:
        plural = self.plural or f"{self.words}S"
        return Kind(self.words, plural, drop=self._drop() if self.dropped else None, show=self._show())

    def _show(self) -> Read:
        columns = tuple(Column(name, TIMESTAMP_LTZ if name in _TIMES else TEXT) for name in self.columns.split())

        def show(session: Session, reader: Reader) -> Result:
            read_filter(session, reader)
            return rows(columns, [])

        return show

    def _drop(self) -> Change:
        def drop(session: Session, reader: Reader, if_exists: bool) -> Result:
            path = reader.path()
            reader.end()
            if not if_exists:
                raise does_not_exist(self.words, path[-1] if self.of_account else str(session.complete(path)))
            return status(f"Drop statement executed successfully ({path[-1]} already dropped).")

        return drop


_POLICY = "created_on name database_name schema_name kind owner comment owner_role_type options"
_INTEGRATION = "name type category enabled comment created_on"
_TABLE = "created_on name database_name schema_name owner rows bytes comment owner_role_type"

_ABSENT = (
    Absent("AGGREGATION POLICY", _POLICY, "AGGREGATION POLICIES"),
    Absent("API INTEGRATION", _INTEGRATION, of_account=True),
    Absent("AUTHENTICATION POLICY", _POLICY, "AUTHENTICATION POLICIES"),
    Absent("CATALOG INTEGRATION", _INTEGRATION, of_account=True),
    Absent(
        "COMPUTE POOL",
        "name state min_nodes max_nodes instance_family num_services num_jobs auto_suspend_secs auto_resume active_nodes idle_nodes "
        "target_nodes created_on resumed_on updated_on owner comment is_exclusive application budget error_code status_message",
        of_account=True,
    ),
    Absent(
        "CORTEX SEARCH SERVICE",
        "created_on name database_name schema_name target_lag warehouse search_column attribute_columns columns definition comment "
        "service_query_url owner owner_role_type data_timestamp source_data_num_rows indexing_state indexing_error serving_state",
    ),
    Absent("EXTERNAL ACCESS INTEGRATION", _INTEGRATION, of_account=True),
    Absent(
        "EXTERNAL FUNCTION",
        "created_on name schema_name is_builtin is_aggregate is_ansi min_num_arguments max_num_arguments arguments description "
        "catalog_name is_table_function valid_for_clustering is_secure is_external_function language",
        dropped=False,
    ),
    Absent(
        "EXTERNAL TABLE",
        "created_on name database_name schema_name invalid invalid_reason owner comment stage location file_format_name "
        "file_format_type cloud region notification_channel last_refreshed_on table_format last_refresh_details owner_role_type",
    ),
    Absent("EXTERNAL VOLUME", "name allow_writes comment", of_account=True),
    Absent(
        "FAILOVER GROUP",
        "region_group snowflake_region created_on account_name name type comment is_primary primary object_types "
        "allowed_integration_types allowed_accounts organization_name account_locator replication_schedule secondary_state "
        "next_scheduled_refresh owner is_listing_auto_fulfillment_group",
        of_account=True,
    ),
    Absent(
        "GIT REPOSITORY",
        "created_on name database_name schema_name origin api_integration git_credentials owner owner_role_type comment last_fetched_at",
        "GIT REPOSITORIES",
    ),
    Absent("HYBRID TABLE", _TABLE),
    Absent("ICEBERG TABLE", f"{_TABLE} external_volume_name catalog_name iceberg_table_type base_location"),
    Absent(
        "IMAGE REPOSITORY",
        "created_on name database_name schema_name repository_url owner owner_role_type comment encryption privatelink_repository_url",
        "IMAGE REPOSITORIES",
    ),
    Absent("INTEGRATION", _INTEGRATION, of_account=True),
    Absent("JOIN POLICY", _POLICY, "JOIN POLICIES"),
    Absent("MASKING POLICY", _POLICY, "MASKING POLICIES"),
    Absent(
        "MATERIALIZED VIEW",
        "created_on name reserved database_name schema_name cluster_by rows bytes source_database_name source_schema_name "
        "source_table_name refreshed_on compacted_on owner invalid invalid_reason behind_by comment text is_secure owner_role_type",
    ),
    Absent(
        "NETWORK POLICY",
        "created_on name comment entries_in_allowed_ip_list entries_in_blocked_ip_list entries_in_allowed_network_rules "
        "entries_in_blocked_network_rules",
        "NETWORK POLICIES",
        of_account=True,
    ),
    Absent(
        "NETWORK RULE", "created_on name database_name schema_name owner comment type mode entries_in_valuelist owner_role_type"
    ),
    Absent(
        "NOTEBOOK",
        "created_on name database_name schema_name comment owner query_warehouse url_id owner_role_type code_warehouse idle_auto_shutdown",
    ),
    Absent("NOTIFICATION INTEGRATION", _INTEGRATION, of_account=True),
    Absent("ONLINE FEATURE TABLE", "created_on name database_name schema_name owner comment"),
    Absent("PACKAGES POLICY", _POLICY, "PACKAGES POLICIES"),
    Absent("PASSWORD POLICY", _POLICY, "PASSWORD POLICIES"),
    Absent(
        "PIPE",
        "created_on name database_name schema_name definition owner notification_channel comment integration pattern error_integration "
        "owner_role_type invalid_reason kind",
    ),
    Absent("PRIVACY POLICY", _POLICY, "PRIVACY POLICIES"),
    Absent("PROJECTION POLICY", _POLICY, "PROJECTION POLICIES"),
    Absent(
        "REPLICATION GROUP",
        "region_group snowflake_region created_on account_name name type comment is_primary primary object_types "
        "allowed_integration_types allowed_accounts organization_name account_locator replication_schedule secondary_state "
        "next_scheduled_refresh owner",
        of_account=True,
    ),
    Absent("ROW ACCESS POLICY", _POLICY, "ROW ACCESS POLICIES"),
    Absent("SECRET", "created_on name schema_name database_name owner comment secret_type oauth_scopes owner_role_type"),
    Absent("SECURITY INTEGRATION", _INTEGRATION, of_account=True),
    Absent("SEMANTIC VIEW", "created_on name database_name schema_name comment owner owner_role_type extension"),
    Absent(
        "SERVICE",
        "name status database_name schema_name owner compute_pool dns_name current_instances target_instances min_ready_instances "
        "min_instances max_instances auto_resume external_access_integrations created_on updated_on resumed_on suspended_on "
        "auto_suspend_secs comment owner_role_type query_warehouse is_job is_async_job spec_digest is_upgrading managing_object_domain "
        "managing_object_name",
    ),
    Absent("SESSION POLICY", _POLICY, "SESSION POLICIES"),
    Absent("SHARE", "created_on kind owner_account name database_name to owner comment listing_global_name", of_account=True),
    Absent("STORAGE INTEGRATION", _INTEGRATION, of_account=True),
    Absent("STREAMLIT", "created_on name database_name schema_name title comment owner query_warehouse url_id owner_role_type"),
)

KINDS = (Kind("DCM PROJECT", "DCM PROJECTS"), *(absent.kind for absent in _ABSENT))
