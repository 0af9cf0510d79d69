"""Statements while they run and after: by request, so that a repeated request joins the first, and by query id.

The connector sends a request again, with the same requestId, when an answer does not come in time; running the
statement twice would insert the rows twice.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from mlops_local.account.errors import AccountError
from mlops_local.account.session.session import Session

_WORKERS = 256
_REMEMBERED = 10_000
_BODY_BUDGET = 64 << 20


@dataclass(eq=False)
class Job:
    """One request of a client. ``done`` ends when its answer is there; ``error`` is set when it failed.

    ``running_id`` is the statement that runs now, of several in one text.
    """

    query_id: str
    session: Session
    request_id: str | None = None
    asynchronous: bool = False
    done: Future[None] = field(default_factory=Future)
    body: bytes | None = None
    error: AccountError | None = None
    aborted: bool = False
    running_id: str = ""

    @property
    def status(self) -> str:
        """By the names of the connector's QueryStatus."""
        if not self.done.done():
            return "ABORTING" if self.aborted else "RUNNING"
        if self.error is None:
            return "SUCCESS"
        return "ABORTED" if self.aborted else "FAILED_WITH_ERROR"


class Jobs:
    def __init__(self) -> None:
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="statement")
        self._by_query: OrderedDict[str, Job] = OrderedDict()
        self._by_request: dict[tuple[int, str], Job] = {}
        self._bodies: OrderedDict[str, int] = OrderedDict()
        self._body_bytes = 0
        self._lock = threading.Lock()

    def enter(self, job: Job) -> tuple[Job, bool]:
        """The job, and True; or the one that the same request started before, and False."""
        with self._lock:
            key = (job.session.id, job.request_id or job.query_id)
            known = self._by_request.get(key)
            if known is not None:
                return known, False
            self._by_request[key] = job
            self._by_query[job.query_id] = job
            self._forget_old()
            return job, True

    def start(self, job: Job, work: Callable[[], bytes]) -> None:
        self._workers.submit(self._run, job, work)

    def run(self, work: Callable[[], object]) -> Future[object]:
        """Other work that may wait for statements."""
        return self._workers.submit(work)

    def by_query(self, query_id: str) -> Job | None:
        with self._lock:
            return self._by_query.get(query_id)

    def by_request(self, session: Session, request_id: str) -> Job | None:
        with self._lock:
            return self._by_request.get((session.id, request_id))

    def abort(self, job: Job) -> bool:
        """Stops a statement that runs; False when it had ended already."""
        if job.done.done():
            return False
        job.aborted = True
        job.session.cancel(job.running_id or job.query_id)
        return True

    def running(self, session: Session) -> list[Job]:
        with self._lock:
            return [job for job in self._by_query.values() if job.session is session and not job.done.done()]

    def close(self) -> None:
        for job in list(self._by_query.values()):
            self.abort(job)
        self._workers.shutdown(wait=True, cancel_futures=True)

    def _run(self, job: Job, work: Callable[[], bytes]) -> None:
        try:
            job.body = work()
            self._keep(job)
        finally:
            job.done.set_result(None)

    def _keep(self, job: Job) -> None:
        """Bodies stay for repeated requests while they fit; later ones are made anew from the account's results."""
        with self._lock:
            size = len(job.body or b"")
            self._bodies[job.query_id] = size
            self._body_bytes += size
            while self._body_bytes > _BODY_BUDGET and len(self._bodies) > 1:
                query_id, dropped = self._bodies.popitem(last=False)
                self._body_bytes -= dropped
                if query_id in self._by_query:
                    self._by_query[query_id].body = None

    def _forget_old(self) -> None:
        while len(self._by_query) > _REMEMBERED:
            query_id, oldest = next(iter(self._by_query.items()))
            if not oldest.done.done():
                self._by_query.move_to_end(query_id)
                return
            del self._by_query[query_id]
            self._by_request.pop((oldest.session.id, oldest.request_id or oldest.query_id), None)
            self._body_bytes -= self._bodies.pop(query_id, 0)
