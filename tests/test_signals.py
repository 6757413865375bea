"""Signals that come before anybody can act on them are acted on then, once."""

import signal
from collections.abc import Iterator

import pytest

from fusionsolar_exporter import signals

NOTED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in NOTED}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_reload_that_was_wanted_too_early_happens_once() -> None:
    done: list[str] = []
    signals.note()
    signal.raise_signal(signal.SIGHUP)
    for _ in range(2):
        with signals.taken(end=lambda: done.append("end"), reload=lambda: done.append("reload")):
            pass
    assert done == ["reload"]


def test_what_comes_meanwhile_is_done_at_once_and_afterwards_as_before() -> None:
    done: list[str] = []
    for number in NOTED:
        signal.signal(number, signal.SIG_IGN)
    with signals.taken(end=lambda: done.append("end"), reload=lambda: done.append("reload")):
        assert done == []
        for number in NOTED:
            signal.raise_signal(number)
    assert done == ["end", "end", "reload"]
    assert [signal.getsignal(number) for number in NOTED] == [signal.SIG_IGN] * 3
