"""Who gets an agent when several want one."""

from __future__ import annotations

import threading

from mlops_local.agent.agents import Agents, Place


def test_the_job_that_is_written_first_goes_first_even_when_it_asks_last() -> None:
    agents, order = Agents(1), []
    asked = threading.Event()

    def work(place: Place) -> None:
        if place == (0, 1, 0):
            asked.set()
        with agents.one(place):
            order.append(place)
        agents.forget(place[:2])

    agents.expect((0, 0))
    agents.expect((0, 1))
    late = threading.Thread(target=work, args=((0, 1, 0),))
    late.start()
    asked.wait(10)
    work((0, 0, 0))
    late.join(10)
    assert order == [(0, 0, 0), (0, 1, 0)]


def test_a_job_that_never_asks_keeps_nobody_waiting() -> None:
    agents = Agents(1)
    agents.expect((0, 0))
    agents.forget((0, 0))
    with agents.one((0, 1, 0)):
        pass
