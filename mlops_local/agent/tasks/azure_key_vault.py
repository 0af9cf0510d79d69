"""AzureKeyVault@2 and @1: secrets of a vault as secret variables, from the library of this machine.

https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/azure-key-vault-v2
"""

from __future__ import annotations

import json

from mlops_local.agent.context import StepContext, TaskFailed
from mlops_local.agent.library import AZURE, Library, LibraryError, VaultSecret
from mlops_local.agent.scalars import parse_boolean
from mlops_local.agent.tasks.definition import Input, Task, Values, boolean, is_known

_ALL = "*"


def _run(step: StepContext) -> None:
    vault = step.text("KeyVaultName")
    try:
        step.run.library.connection(step.text("ConnectedServiceName"), AZURE)
        secrets = step.run.library.key_vault(vault)
        # As in the task, an empty secret sets nothing.
        chosen = [secret for secret in _chosen(secrets, step.text("SecretsFilter"), vault) if secret.value]
    except LibraryError as error:
        raise TaskFailed(str(error)) from error
    for secret in chosen:
        _set(step, secret)
    step.say(f"{len(chosen)} secrets of the key vault '{vault}' are variables: {', '.join(secret.name for secret in chosen)}.")


def _chosen(secrets: list[VaultSecret], pattern: str, vault: str) -> list[VaultSecret]:
    wanted = [name.strip() for name in pattern.split(",") if name.strip()]
    if wanted in ([], [_ALL]):
        return [secret for secret in secrets if secret.available]
    known = {secret.name.casefold(): secret for secret in secrets if secret.available}
    missing = [f"'{name}'" for name in wanted if name.casefold() not in known]
    if missing:
        raise LibraryError(f"The key vault '{vault}' has no secret {', '.join(missing)}, or it is disabled.")
    return [VaultSecret(name, known[name.casefold()].value) for name in wanted]


def _set(step: StepContext, secret: VaultSecret) -> None:
    """As the task does: JSON becomes one line, each line of any other text is a secret of its own."""
    step.run.masker.add(secret.value)
    step.set_variable(secret.name, _one_line(secret.value), secret=True, several_lines=True)


def _one_line(text: str) -> str:
    if "\n" not in text and "\r" not in text:
        return text
    try:
        told = json.loads(text)
    except ValueError:
        return text
    return json.dumps(told, separators=(",", ":"), ensure_ascii=False) if isinstance(told, dict | list) else text


def _needs(values: Values, library: Library) -> None:
    connection, vault, secrets = (values[name] for name in ("ConnectedServiceName", "KeyVaultName", "SecretsFilter"))
    if is_known(connection):
        library.connection(connection, AZURE)
    if is_known(vault):
        found = library.key_vault(vault)
        if is_known(secrets):
            _chosen(found, secrets, vault)


def _vault_task(version: int) -> Task:
    return Task(
        "AzureKeyVault",
        version,
        (
            Input("ConnectedServiceName", aliases=("azureSubscription",), required=True),
            Input("KeyVaultName", required=True),
            Input("SecretsFilter", _ALL, required=True),
            boolean("RunAsPreJob"),
        ),
        _run,
        guid="1e244d32-2dd4-4165-96fb-b7441ca9331e",
        before_job=lambda values: parse_boolean(values["RunAsPreJob"]) is True,
        needs=_needs,
    )


AZURE_KEY_VAULT_1, AZURE_KEY_VAULT = _vault_task(1), _vault_task(2)
