"""One run of a model at a time: the newest has the claim, and one that has lost it stops before it does harm.

A client that is killed does not end the procedure that it called. Started again, it would train beside it under the same number.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from mlops.errors import AccountError
from mlops.inside.place import Place
from mlops.names import literal
from mlops.outputs import TRAINING_CLAIMS


@dataclass(frozen=True)
class Claim:
    """`contested`: another run had it, which was killed or still goes on until it sees that it has lost it.

    With it goes the version of the model that was begun and is not recorded: that one alone may be taken away, to be made again.
    """

    place: Place
    model: str
    token: str
    contested: bool

    def check(self) -> None:
        if not self._holds():
            raise _lost(self.model)

    def _holds(self) -> bool:
        rows = self.place.run(f"SELECT TOKEN FROM {_table(self.place)} WHERE MODEL_NAME = ?", (self.model,))
        # Of two that claimed at the very same moment neither holds it.
        return [row["TOKEN"] for row in rows] == [self.token]

    def settle(self) -> None:
        """Within the transaction that records the run: whoever claims meanwhile waits for its end, and finds the run recorded."""
        self.check()
        if not self.release():
            raise _lost(self.model)

    def began(self, version: str) -> bool:
        found = f"SELECT COUNT(*) FROM {_table(self.place)} WHERE MODEL_NAME = ? AND TOKEN = ? AND MODEL_VERSION = ?"
        return self.place.count(found, (self.model, self.token, version)) > 0

    def begin(self, version: str | None) -> None:
        """Before the version is made: the registry's client writes whose it is by a later statement. None, when it was taken away."""
        written = f"UPDATE {_table(self.place)} SET MODEL_VERSION = {_written(version)} WHERE MODEL_NAME = ? AND TOKEN = ?"
        if not self.place.count(written, (self.model, self.token)):
            raise _lost(self.model)

    def give_up(self) -> bool:
        """Whether it was held to the end. What was begun stays written down, for the run that takes it away."""
        unbegun = f"DELETE FROM {_table(self.place)} WHERE MODEL_NAME = ? AND TOKEN = ? AND MODEL_VERSION IS NULL"
        return self.place.count(unbegun, (self.model, self.token)) > 0 or self._holds()

    def release(self) -> int:
        return self.place.count(f"DELETE FROM {_table(self.place)} WHERE MODEL_NAME = ? AND TOKEN = ?", (self.model, self.token))


@contextmanager
def claim(place: Place, model: str) -> Iterator[Claim]:
    made = _take(place, model)
    try:
        yield made
    except Exception as error:
        # What another run took away makes failures of all kinds; this is the reason for each of them.
        if not made.give_up():
            raise _lost(model) from error
        raise


def _take(place: Place, model: str) -> Claim:
    token = uuid.uuid4().hex
    with place.transaction():
        begun = place.run(f"SELECT MAX(MODEL_VERSION) FROM {_table(place)} WHERE MODEL_NAME = ?", (model,))[0][0]
        others = place.count(f"DELETE FROM {_table(place)} WHERE MODEL_NAME = ?", (model,))
        columns = "(MODEL_NAME, TOKEN, MODEL_VERSION)"
        place.run(f"INSERT INTO {_table(place)} {columns} SELECT ?, ?, {_written(begun)}", (model, token))
    return Claim(place, model, token, contested=others > 0)


def _written(version: str | None) -> str:
    """A value that is missing has no type, so it cannot be bound."""
    return "NULL" if version is None else literal(version)


def _table(place: Place) -> str:
    return place.table(TRAINING_CLAIMS.name).sql


def _lost(model: str) -> AccountError:
    return AccountError(f"Another run began to train {model} meanwhile, so this one stopped and recorded nothing: run again.")
