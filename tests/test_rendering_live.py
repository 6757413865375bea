"""What is looked at when it is asked for, and how old it may be."""

from collections.abc import Iterable

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from support.manual_clock import ManualClock

from fusionsolar_exporter.rendering.live_metrics import LiveMetrics
from fusionsolar_exporter.rendering.own_metrics import OwnMetrics


class Looks(Collector):
    """How often it was looked at."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.times = 0

    def collect(self) -> Iterable[Metric]:
        self.times += 1
        yield GaugeMetricFamily(self.name, "Times.", self.times)


class Subject:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.metrics = LiveMetrics(Looks("threads"), Looks("process"), self.clock)

    def after(self, seconds: float) -> tuple[int, int]:
        """The looks at threads and at the process that a scrape shows then."""
        self.clock.advance(seconds)
        found = shown(self.metrics.look())
        return found["threads"], found["process"]


def shown(metrics: OwnMetrics) -> dict[str, int]:
    (text,) = metrics.select(openmetrics=False, accounts=None, names=None).texts
    samples = [line.split() for line in text.decode().splitlines() if not line.startswith("#")]
    return {name: int(float(value)) for name, value in samples}


def test_threads_are_looked_at_once_a_second_and_the_process_every_ten() -> None:
    subject = Subject()
    assert subject.after(0.9) == (1, 1)
    assert subject.after(0.1) == (2, 1)
    assert subject.after(0.9) == (2, 1)
    assert subject.after(7.1) == (3, 1)
    assert subject.after(1.0) == (4, 2)


def test_a_scrape_shows_what_another_thread_saw_of_the_process() -> None:
    subject = Subject()
    subject.clock.advance(0.9)
    subject.metrics.prepare()
    assert subject.after(0.1) == (2, 1)
    subject.metrics.prepare()
    assert subject.after(1.0) == (3, 2)
    subject.clock.advance(9.0)
    assert subject.after(0.0) == (4, 3)  # nobody has prepared anything for ten seconds


def test_families_of_both_can_be_selected() -> None:
    metrics = Subject().metrics.look()
    for name in ("threads", "process"):
        text = b"".join(metrics.select(openmetrics=True, accounts=None, names=frozenset({name})).texts).decode()
        assert text.splitlines() == [f"# HELP {name} Times.", f"# TYPE {name} gauge", f"{name} 1.0"]
