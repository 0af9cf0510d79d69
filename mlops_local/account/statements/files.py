"""PUT, GET, LIST and REMOVE: files between a client and a stage.

The client moves the bytes itself, to and from addresses that the answer gives it; PUT and GET answer no rows but a *transfer*.
The connector sends a PUT once more for each file, with the final name instead of the path and without the bound target, and takes
the address of that answer; uploads that the connector makes on its own account (write_pandas) use the first answer's.
https://docs.snowflake.com/en/sql-reference/sql/put, https://docs.snowflake.com/en/sql-reference/sql/get
"""

from __future__ import annotations

import fnmatch
import mimetypes
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from mlops_local.account.errors import AccountError, insufficient_privileges, syntax_error
from mlops_local.account.files.locations import Place, Root, locate
from mlops_local.account.files.stages import StagedFile, Stages
from mlops_local.account.files.transfers import address, download_address
from mlops_local.account.session.result import Column, Result, StatementType, rows
from mlops_local.account.session.session import Request, Session
from mlops_local.account.statements.options import read_options
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import INTEGER

_REMEMBERED = 200
_targets: WeakKeyDictionary[Session, OrderedDict[str, str]] = WeakKeyDictionary()

_PUT_OPTIONS = {"PARALLEL": int, "AUTO_COMPRESS": bool, "SOURCE_COMPRESSION": str, "OVERWRITE": bool, "THRESHOLD": int}
_GZIP = b"\x1f\x8b"


def put(session: Session, reader: Reader, request: Request) -> Result:
    """``PUT 'file://..' @stage[/path] [PARALLEL = n] [AUTO_COMPRESS = b] [SOURCE_COMPRESSION = c] [OVERWRITE = b]``."""
    reader.next()
    source = _local_path(reader)
    target = _target(session, reader, source)
    options = read_options(reader, _PUT_OPTIONS)
    reader.end()
    with session.transaction():
        place = locate(session, target, write=True)
    if place.location.kind in {"DATASET", "MODEL"}:
        raise insufficient_privileges(place.location.kind, place.owner.full_name)
    _remember(session, source, target)
    upload = Upload(
        session.account.stages,
        place.root.folder,
        place.prefix,
        source.rpartition("/")[2],
        compress=options.get("AUTO_COMPRESS", True),
        overwrite=options.get("OVERWRITE", False),
    )
    token = session.account.transfers.grant(session.account.stages.incoming, "PUT", upload.finish)
    return _transfer(
        {
            "command": "UPLOAD",
            "src_locations": [source],
            "parallel": options.get("PARALLEL", 4),
            "autoCompress": upload.compress,
            "sourceCompression": options.get("SOURCE_COMPRESSION", "AUTO_DETECT").lower(),
            "overwrite": upload.overwrite,
            "threshold": options.get("THRESHOLD", 209715200),
            "stageInfo": {**_stage_info(place), "presignedUrl": address(session, token, upload.name)},
            "encryptionMaterial": None,
        }
    )


def _local_path(reader: Reader) -> str:
    """The path behind ``file://``, quoted or not."""
    token = reader.next()
    if token.kind not in {"string", "location"} or not token.value.startswith("file://"):
        raise syntax_error(f"'{token.value}' is not a local path: expected 'file://<path>'.")
    return token.value.removeprefix("file://")


def _target(session: Session, reader: Reader, source: str) -> str:
    """The location behind the path; for a PUT that is sent again without its bound target, the one it had before."""
    if not reader.accept("?"):
        return location_text(reader)
    name = source.rpartition("/")[2]
    for pattern, target in reversed(_targets.get(session, OrderedDict()).items()):
        if any(fnmatch.fnmatchcase(known, pattern) for known in (name, name.rpartition(".")[0])):
            return target
    raise syntax_error("the target of PUT is not bound: send the statement with its value.")


def location_text(reader: Reader) -> str:
    """A location as a token or in quotes."""
    token = reader.token
    if token.kind not in {"location", "string"}:
        raise reader.refuse()
    reader.next()
    return token.value


def _remember(session: Session, source: str, target: str) -> None:
    known = _targets.setdefault(session, OrderedDict())
    known[source.rpartition("/")[2]] = target
    known.move_to_end(source.rpartition("/")[2])
    while len(known) > _REMEMBERED:
        known.popitem(last=False)


@dataclass(frozen=True)
class Upload:
    """Where a body goes once it is complete."""

    stages: Stages
    folder: Path
    prefix: str
    name: str
    compress: bool
    overwrite: bool

    def finish(self, body: Path) -> None:
        """An existing file stays unless OVERWRITE was said; the client has no way to be told that it was skipped."""
        relative = "/".join(part for part in (self.prefix.rstrip("/"), self._final_name(body)) if part)
        if self.overwrite or not (self.folder / relative).exists():
            self.stages.place(body, self.folder, relative)

    def _final_name(self, body: Path) -> str:
        """The name in the stage: several files may share one address when a pattern was PUT, so these get names of their own.

        A body that the client has compressed on the way gets the ending that says so.
        """
        name = secrets.token_hex(8) if any(wild in self.name for wild in "*?") else self.name
        with body.open("rb") as file:
            compressed = file.read(2) == _GZIP
        if compressed and self.compress and mimetypes.guess_type(name)[1] != "gzip":
            return name + ".gz"
        return name


def get(session: Session, reader: Reader, request: Request) -> Result:
    """``GET @stage[/path] 'file://<folder>' [PARALLEL = n] [PATTERN = 'regex']``."""
    reader.next()
    text = location_text(reader)
    folder = _local_path(reader)
    options = read_options(reader, {"PARALLEL": int, "PATTERN": str})
    reader.end()
    with session.transaction():
        place = locate(session, text)
    found = place.entries(options.get("PATTERN"))
    return _transfer(
        {
            "command": "DOWNLOAD",
            "src_locations": ["stage/" + _fetched_name(root, file) for root, file in found],
            "presignedUrls": [download_address(session, file) for _, file in found],
            "localLocation": folder,
            "parallel": options.get("PARALLEL", 10),
            "stageInfo": {**_stage_info(place), "presignedUrl": None},
            "encryptionMaterial": [],
        }
    )


def _fetched_name(root: Root, file: StagedFile) -> str:
    """The path that GET reports: inside the stage, or from the version on."""
    return (root.shown.removeprefix("versions/") if root.shown.startswith("versions/") else "") + file.relative


def _stage_info(place: Place) -> dict[str, Any]:
    return {"locationType": "GCS", "location": f"stage/{place.owner.id}", "creds": {}, "path": place.prefix, "region": ""}


def _transfer(data: dict[str, Any]) -> Result:
    answer = rows([Column("status")], [], type_=StatementType.SCL)
    return Result(answer.columns, answer.table, StatementType.SCL, as_json=True, transfer=data)


_LISTED = (Column("name"), Column("size", INTEGER), Column("md5"), Column("last_modified"))


def list_files(session: Session, reader: Reader, request: Request) -> Result:
    """``LIST location [PATTERN = 'regex']``. https://docs.snowflake.com/en/sql-reference/sql/list"""
    reader.next()
    text = location_text(reader)
    pattern = read_options(reader, {"PATTERN": str}).get("PATTERN")
    reader.end()
    with session.transaction():
        place = locate(session, text)
    found = [] if request.describe_only else place.entries(pattern)
    return rows(
        _LISTED,
        [
            (root.shown + file.relative, file.size, session.account.stages.md5(file), format_datetime(file.modified, usegmt=True))
            for root, file in found
        ],
    )


_REMOVED = (Column("name"), Column("result"))


def remove(session: Session, reader: Reader, request: Request) -> Result:
    """``REMOVE location [PATTERN = 'regex']``. https://docs.snowflake.com/en/sql-reference/sql/remove"""
    reader.next()
    text = location_text(reader)
    pattern = read_options(reader, {"PATTERN": str}).get("PATTERN")
    reader.end()
    with session.transaction():
        place = locate(session, text, write=True)
    if place.location.kind in {"DATASET", "MODEL"}:
        raise AccountError(3001, "42501", f"SQL access control error:\nFiles of {text} change with their version only.")
    found = [] if request.describe_only else place.entries(pattern)
    for root, file in found:
        session.account.stages.remove(file, root.folder)
    return rows(_REMOVED, [(root.shown + file.relative, "removed") for root, file in found])
