"""AzureCLI@2: scripts with the identity of a service connection, whose token an account takes for a user."""

from __future__ import annotations

import json
import stat
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest

from mlops_local.account.account import Account
from mlops_local.account.wire.issuers import Issuers
from mlops_local.account.wire.server import Server
from mlops_local.agent import oidc
from mlops_local.agent.errors import WrongPipeline
from mlops_local.agent.subjects import subject_of
from mlops_local.agent.tasks.powershell import script_lines

Project = Any
SIGN_IN = """
import os
import snowflake.connector

with snowflake.connector.connect(
    account=os.environ["ACCOUNT"], host="127.0.0.1", port=os.environ["PORT"], protocol="http",
    authenticator="WORKLOAD_IDENTITY", workload_identity_provider="OIDC", token=os.environ["idToken"],
) as connection:
    print("signed in as", connection.cursor().execute("SELECT CURRENT_USER()").fetchone()[0])
"""


def inline(script: str, more: str = "") -> str:
    lines = "".join(f"\n      {line}" for line in script.splitlines())
    return f"""
steps:
- task: AzureCLI@2
  name: az
  inputs:
    azureSubscription: azure
    scriptType: bash
    scriptLocation: inlineScript
    inlineScript: |{lines}
{more}"""


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[oidc.Issuer]:
    issuer = oidc.Issuer(tmp_path / "oidc")
    yield issuer
    issuer.close()


def test_a_token_of_a_step_signs_in_to_an_account(project: Project, tmp_path: Path) -> None:
    project.connection("azure")
    project.file("sign_in.py", SIGN_IN)
    project.root(
        inline(
            '"$PYTHON" sign_in.py',
            "    addSpnToEnvironment: true\n  env: {PYTHON: $(python), ACCOUNT: $(account), PORT: $(port)}",
        )
    )
    keys = project.cache / "oidc" / oidc.KEYS_FILE
    with Account.open(tmp_path / "account") as account:
        with account.system_session() as session:
            session.run(
                f"CREATE USER ROBOT TYPE = SERVICE WORKLOAD_IDENTITY = (TYPE = OIDC ISSUER = '{oidc.NAME}' "
                f"SUBJECT = 'sc://localhost/local/azure' OIDC_AUDIENCE_LIST = ('{oidc.AUDIENCE}'))"
            )
        with Server(account, issuers=Issuers({oidc.NAME: str(keys)})) as server:
            variables = {"python": sys.executable, "account": account.name, "port": str(server.port)}
            given = {**variables, "SNOWFLAKE_WIF_ALLOWED_HOST_SUFFIXES": "127.0.0.1"}
            ran = project.run(variables=given)
    assert ran.log("az")[-1] == "signed in as ROBOT"


def test_what_the_script_sees(project: Project) -> None:
    project.connection("azure")
    ran = project.root(
        inline(
            'echo "$servicePrincipalId $tenantId $idToken"; printf %s "$idToken" > $(Build.SourcesDirectory)/../token\n'
            'echo "[$AZURE_CONFIG_DIR]" | sed "s,azurecli-[^/]*,STEP,"',
            "    addSpnToEnvironment: true\n- bash: cat ../token; echo; printf '[%s]' \"$idToken\"\n  name: later",
        )
    ).run(variables={"System.CollectionUri": "https://dev.azure.com/our-team/", "System.TeamProject": "trials"})
    assert ran.verdict == "Succeeded", ran.issues()
    said, *rest = ran.log("az")
    assert said.startswith("idToken is for sc://our-team/trials/azure, by the issuer that http://127.0.0.1:")
    assert rest[0] == "an-app a-tenant ***"
    assert rest[1].endswith("/_temp/STEP/config]")
    assert ran.log("later") == ["***", "[]"]
    assert not list(project.cache.rglob("azurecli-*"))


def test_without_being_asked_nothing_is_told(project: Project) -> None:
    project.connection("azure")
    ran = project.root(inline('echo "[$idToken$tenantId] [$AZURE_CONFIG_DIR]"', "    useGlobalConfig: true")).run()
    assert ran.log("az") == ["[] []"]


def test_only_a_script_that_calls_az_misses_it(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.connection("azure")
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    ran = project.root(inline("echo fine; az account show")).run()
    assert ran.log("az")[:2] == [
        "fine",
        "There is no Azure CLI on this machine: install it (https://aka.ms/azure-cli), or do without az in this script.",
    ]
    assert ran.issues() == ["The script exited with code '127'."]


def test_a_script_from_a_file_with_arguments_in_a_folder(project: Project) -> None:
    project.connection("azure")
    project.file("tools/say.sh", 'echo "$1|$2|$(basename "$PWD")"; echo oops >&2\n')
    text = """
        steps:
        - task: AzureCLI@2
          name: az
          inputs: {azureSubscription: azure, scriptType: bash, scriptPath: tools/say.sh, arguments: "one 'two three'", cwd: made/here}
        - task: AzureCLI@2
          displayName: strict
          inputs: {azureSubscription: azure, scriptType: bash, scriptPath: tools/say.sh, failOnStandardError: true}
        """
    ran = project.root(text).run()
    assert ran.log("az") == ["one|two three|here", "oops"]
    assert (ran.steps()["strict"], "standard error stream" in ran.issues()[0]) == ("Failed", True)


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ("azureSubscription: nope, scriptType: bash, scriptPath: a.sh", "The service connection 'nope' does not exist; create "),
        (
            "azureSubscription: azure, scriptType: batch, scriptPath: a.cmd",
            "is here bash or pscore; this agent does not act on 'batch'.",
        ),
        ("azureSubscription: azure, scriptType: zsh, scriptPath: a.sh", "is one of ps, pscore, batch, bash, not 'zsh'."),
        ("azureSubscription: azure, scriptType: bash", "AzureCLI@2 needs the input 'scriptPath'."),
        (
            "azureSubscription: azure, scriptType: bash, scriptPath: a.sh, keepAzSessionActive: true",
            "The input 'keepAzSessionActive' of AzureCLI@2 has no effect on this agent: nothing signs in to Azure here",
        ),
    ],
)
def test_what_it_does_not_do_is_refused(project: Project, inputs: str, said: str) -> None:
    project.connection("azure")
    project.root(f"steps:\n- {{task: AzureCLI@2, inputs: {{{inputs}}}}}\n")
    with pytest.raises(WrongPipeline) as caught:
        project.run()
    assert said in str(caught.value)


def test_the_key_of_the_issuer_is_private_and_stays(issuer: oidc.Issuer, tmp_path: Path) -> None:
    first = issuer.key().public_key()
    assert stat.S_IMODE((tmp_path / "oidc" / "issuer.pem").stat().st_mode) == 0o600
    assert oidc.Issuer(tmp_path / "oidc").key().public_key() == first


def test_the_issuer_is_discovered_over_loopback(issuer: oidc.Issuer, tmp_path: Path) -> None:
    def read(address: str) -> Any:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return json.load(answer)

    found = read(f"{issuer.address()}/.well-known/openid-configuration")
    assert found["issuer"] == oidc.NAME
    keys = read(found["jwks_uri"])
    assert keys == json.loads((tmp_path / "oidc" / oidc.KEYS_FILE).read_text())
    assert set(keys["keys"][0]) == {"kty", "n", "e", "kid", "alg", "use"}
    token = issuer.token("sc://a/b/c")
    key = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, algorithms=["RS256"], audience=oidc.AUDIENCE, issuer=oidc.NAME)
    assert (claims["sub"], claims["exp"] - claims["iat"]) == ("sc://a/b/c", 600)
    assert claims["iat"] <= time.time()
    with pytest.raises(urllib.error.HTTPError, match="404"):
        read(f"{issuer.address()}/issuer.pem")


@pytest.mark.parametrize(
    ("collection", "subject"),
    [
        ("https://dev.azure.com/our-team/", "sc://our-team/p/c"),
        ("https://our-team.visualstudio.com/", "sc://our-team.visualstudio.com/p/c"),
        ("http://localhost/", "sc://localhost/p/c"),
        ("", "sc://local/p/c"),
    ],
)
def test_the_subject_names_organisation_project_and_connection(collection: str, subject: str) -> None:
    assert subject_of(collection, "p", "c") == subject


def test_lines_around_a_powershell_script() -> None:
    assert script_lines("echo a", {"ErrorActionPreference": "stop", "DebugPreference": "Default"}, True) == [
        "$ErrorActionPreference = 'stop'",
        "echo a",
        "if (Test-Path -LiteralPath variable:\\LASTEXITCODE) { exit $LASTEXITCODE }",
    ]


@pytest.mark.parametrize("step", ["pwsh: echo a", "powershell: echo a"], ids=["pwsh", "powershell"])
def test_powershell_needs_one_on_the_machine(project: Project, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    project.root(f"steps:\n- {step}\n")
    with pytest.raises(
        WrongPipeline, match="yml:2:3: PowerShell@2 needs the program pwsh, which this machine has not; install it"
    ):
        project.run()
