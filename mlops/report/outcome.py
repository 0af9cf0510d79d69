"""What a run came to, in the words that stand first on its page: did it do what it was for, and what is to be done now. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mlops.errors import (
    AccountError,
    DefinitionError,
    GateError,
    PlanError,
    SettingsError,
    SignInError,
)
from mlops.figures.changes import SHOWN
from mlops.figures.results import Command, judged, planned

Mark = Literal["good", "bad", "open"]
# What a page asks the account for, by what was done there: with a clone, that is gone by now, and a plan has told all of it.
Extent = Literal["everything", "models", "nothing"]

# What is done about a failure, by its kind.
_ADVICE = {
    SettingsError.exit_code: "Correct the variable group, or the environment, and run again.",
    SignInError.exit_code: "Check the key, the user and the network, and run again.",
    DefinitionError.exit_code: "Correct the definitions: python -m mlops check names every fault of them, without an account.",
    AccountError.exit_code: "Do what the sentence says and run again: what is done already is not done once more.",
    GateError.exit_code: "What fails its gates does not take the place of what is in use. Correct the data or the model, or the limit "
    "in its definition where that is wrong, and run again.",
    PlanError.exit_code: "Run the pipeline again: it makes a new plan, which somebody looks at.",
}
_ON_CLONE = "Nothing but the clone was changed. Correct the change, or the test where that is wrong, and run again."
_IN_THE_LOG = "The commands of this page did not fail, or told nothing: the log of the step that failed says why."


@dataclass(frozen=True)
class Outcome:
    """`mark` is open where somebody has to decide; `steps` say what to do."""

    mark: Mark
    headline: str
    steps: tuple[str, ...]


def extent_of(commands: Sequence[Command], stage: str) -> Extent:
    """Of a stage that told nothing, and without any stage, all of it: nobody knows what was done."""
    verbs = {one.verb for one in commands if one.stage == stage}
    if not verbs or ("apply" in verbs and "clone" not in verbs):
        return "everything"
    return "models" if verbs & {"retrain", "rollback", "promote"} else "nothing"


def judge_run(
    commands: Sequence[Command],
    stage: str,
    *,
    job_status: str = "",
    unread: str = "",
    broken: Sequence[str] = (),
    left: int = 0,
    made: int | None = None,
) -> Outcome:
    """`broken` are the sentences of gates that failed at the last training, and `left` is how much an apply would still do.

    `made` are the changes of the run in the ledger, which stages before this one have made too; None where that was not read.
    """
    failed = [one for one in commands if one.failed]
    if failed:
        return Outcome("bad", "; ".join(map(_failed, failed)), tuple(dict.fromkeys(map(_advise, failed))))
    if job_status in ("Failed", "Canceled"):
        return Outcome("bad", f"{stage or 'The job'} {'was canceled' if job_status == 'Canceled' else 'failed'}", (_IN_THE_LOG,))
    if unread:
        return Outcome("bad", "The account could not be asked", ("What the commands told is below; the rest is missing.",))
    own = [one for one in commands if one.stage == stage]
    if broken:
        return Outcome("bad", "The last training did not pass its gates", (_ADVICE[GateError.exit_code],))
    return _succeeded(own, left, made)


def _succeeded(own: Sequence[Command], left: int, made: int | None) -> Outcome:
    verbs = {one.verb for one in own}
    if "plan" in verbs:
        return _planned(own)
    if "clone" in verbs:
        return Outcome("good", f"Tried on a clone: {_done(own)}, {_tested(own)}", ("Nothing: it can be deployed.",))
    if moved := [row for one in own for row in one.rows("Default version")]:
        return Outcome("good", "; ".join(map(_moved, moved)), tuple(_undone(row) for row in moved if row[1] != row[2]))
    if "retrain" in verbs:
        told = "; ".join(f"{row[2]}: {row[3]}" for one in own for row in one.rows("Done"))
        return Outcome("good", f"Trained anew, all gates passed. {told}", ("Nothing: the new version is in use.",))
    if "janitor" in verbs:
        dropped = sum(len(one.rows("Clones")) for one in own)
        return Outcome("good", f"{_count(dropped, 'clone')} dropped whose time was over", ("Nothing.",))
    if verbs == {"connect"}:
        return Outcome("good", "Connected; nothing was compared or changed", ("Nothing.",))
    if left:
        told = f"{_count(left, 'change')} {'is' if left == 1 else 'are'} left to do"
        return Outcome("open", told, ("Look at what is left, below, and apply it.",))
    if not own:
        return Outcome("good", "The account is as declared", ("Nothing.",))
    done = _done(own, made)
    return Outcome("good", f"{done[0].upper()}{done[1:]}, the account is as declared", ("Nothing.",))


def _planned(own: Sequence[Command]) -> Outcome:
    pending = planned(own)
    if not pending:
        return Outcome("good", "Nothing would be changed", ("Nothing: the account is as declared.",))
    counted = Counter(one.action for one in pending)
    headline = (
        f"{_count(len(pending), 'change')} would be made: {', '.join(f'{count} {action}' for action, count in counted.items())}"
    )
    return Outcome(
        "open", headline, ("Look at the plan below. A deployment does exactly this, or refuses when it no longer fits.",)
    )


def _failed(command: Command) -> str:
    """What failed, in short: the sentences stand below."""
    broken = [(name, [one for one in verdicts if not one.passed], verdicts) for name, verdicts in judged([command]).items()]
    told = [f"{name} did not pass {len(bad)} of {len(verdicts)} gates" for name, bad, verdicts in broken if bad]
    if tests := [one for one in command.cases if command.verb == "test" and one.failure]:
        told.append(f"{len(tests)} of {_count(len(command.cases), 'integration test')}")
    return f"{command.stage} failed: {', '.join(told or [command.verb])}"


def _advise(command: Command) -> str:
    if command.verb == "test":
        return _ON_CLONE
    return _ADVICE.get(command.exit_code, _IN_THE_LOG)


def _done(commands: Sequence[Command], recorded: int | None = None) -> str:
    made = sum(bool(one.result) for one in planned(commands)) if recorded is None else recorded
    told = f"{'at least ' if made >= SHOWN else ''}{_count(made, 'change')} made"
    return told if made else "nothing was to be changed"


def _tested(commands: Sequence[Command]) -> str:
    return f"{_count(sum(len(one.cases) for one in commands if one.verb == 'test'), 'integration test')} passed"


def _moved(row: tuple[str, ...]) -> str:
    model, before, after, _ = row
    return f"{model} {after} is in use" + (f", in place of {before}" if before != after else " already")


def _undone(row: tuple[str, ...]) -> str:
    return f"Nothing; to undo it, roll {row[0]} back to {row[1]}."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
