"""The errors of the machine. Each kind has an exit code; the message says what happened and what to do next.

MlopsError
 x SettingsError      environment or connections.toml
 x SignInError        key, login, network
 x DefinitionError    content
 x AccountError       a statement was refused, or something is missing in the account
 x GateError          a model, or a change that was tried, is not good enough
 x PlanError          a plan does not fit what is there now
 x RepositoryError    a repository of definitions cannot be made, or cannot be brought to another tag
"""

from __future__ import annotations


class MlopsError(Exception):
    exit_code = 1


class SettingsError(MlopsError):
    exit_code = 3


class SignInError(MlopsError):
    exit_code = 4


class DefinitionError(MlopsError):
    exit_code = 5


class AccountError(MlopsError):
    exit_code = 6


class GateError(MlopsError):
    exit_code = 7


class PlanError(MlopsError):
    exit_code = 8


class RepositoryError(MlopsError):
    exit_code = 9
