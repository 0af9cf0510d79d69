"""What a gate said, and what stays of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mlops.definitions import Gate
from mlops.names import Schema, literal
from mlops.outputs import GATE_RESULTS


@dataclass(frozen=True)
class Verdict:
    """`stage` is data, model or promotion; `subject` the column, metric or slice that was looked at."""

    stage: str
    gate: str
    subject: str
    value: float | None
    wanted: str
    passed: bool
    sentence: str


def to_rows(verdicts: Iterable[Verdict]) -> list[list[str]]:
    """What a table shows of them: stage, gate, subject, value, wanted, and the sentence of what failed."""
    return [
        [one.stage, one.gate, one.subject, "" if one.value is None else f"{one.value:.4g}", one.wanted, _told(one)]
        for one in verdicts
    ]


def _told(verdict: Verdict) -> str:
    return "yes" if verdict.passed else f"no: {verdict.sentence}"


def failures(verdicts: Iterable[Verdict]) -> tuple[str, ...]:
    return tuple(verdict.sentence for verdict in verdicts if not verdict.passed)


def judge_metrics(metrics: Mapping[str, float], gates: Sequence[Gate]) -> tuple[Verdict, ...]:
    """A metric that is not there, or is no number, passes no gate."""
    return tuple(_judge_metric(metrics.get(gate.metric, float("nan")), gate) for gate in gates)


def _judge_metric(value: float, gate: Gate) -> Verdict:
    sentence = f"{gate.metric} is {value:.3f}; {gate.wanted} is wanted."
    return Verdict("model", "absolute", gate.metric, value, gate.wanted, gate.passes(value), sentence)


def insert_verdicts(home: Schema, run: str, model: str, version: str | None, verdicts: Sequence[Verdict]) -> str:
    """One statement; `run` is that of the training which made the version."""
    whose = ", ".join((literal(run), literal(model), literal(version) if version else "NULL"))
    rows = "\nUNION ALL ".join(f"SELECT {whose}, {_values(verdict)}, SYSDATE()" for verdict in verdicts)
    return f"INSERT INTO {(home / GATE_RESULTS.name).sql}\n{rows}"


def _values(verdict: Verdict) -> str:
    # What is not a number is as good as none: there is no literal of it.
    value = "NULL" if verdict.value is None or verdict.value != verdict.value else repr(float(verdict.value))
    texts = (verdict.stage, verdict.gate, verdict.subject)
    return ", ".join(
        (*map(literal, texts), value, literal(verdict.wanted), str(verdict.passed).upper(), literal(verdict.sentence))
    )
