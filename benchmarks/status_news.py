"""What answers do to an account's view, for measurements of the status page."""

import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import islice

from fusionsolar_exporter.northbound.model import Reading
from fusionsolar_exporter.status import CollectorName
from fusionsolar_exporter.view import AccountView


class News:
    """An account to which answers come: each changes the values of the plants or devices that it is about."""

    def __init__(self, view: AccountView) -> None:
        self.view = view

    def kinds(self, batch: int) -> Mapping[str, Callable[[], None]]:
        """What may have come since the page before, in words."""
        return {
            "nothing new": lambda: None,
            f"after an answer about {batch} plants": lambda: self.plants(batch),
            f"after an answer about {batch} devices": lambda: self.devices(batch),
            "after answers about every plant and device": self.everything,
            "after another point of the charts": self.point,
        }

    def plants(self, number: int) -> None:
        """Answers about the first so many plants."""
        snapshot = self.view.snapshot
        codes = list(islice(snapshot.plant_readings, number))
        fetched = snapshot.plant_fetched_at
        real_time = {**fetched[CollectorName.PLANT_REALTIME], **dict.fromkeys(codes, time.time())}
        self.view = replace(
            self.view,
            snapshot=replace(
                snapshot,
                plant_readings=_other(snapshot.plant_readings, codes),
                plant_fetched_at={**fetched, CollectorName.PLANT_REALTIME: real_time},
            ),
        )

    def devices(self, number: int) -> None:
        """The same of devices."""
        snapshot = self.view.snapshot
        ids = list(islice(snapshot.device_readings, number))
        self.view = replace(
            self.view,
            snapshot=replace(
                snapshot,
                device_readings=_other(snapshot.device_readings, ids),
                device_fetched_at={**snapshot.device_fetched_at, **dict.fromkeys(ids, time.time())},
            ),
        )

    def everything(self) -> None:
        """A turn through all of them."""
        self.plants(len(self.view.snapshot.plant_readings))
        self.devices(len(self.view.snapshot.device_readings))

    def point(self) -> None:
        """Two minutes have passed."""
        self.view.power_curves.recorded_at = -math.inf


def _other(readings: Mapping[str, Reading], ids: Iterable[str]) -> Mapping[str, Reading]:
    changed = {key: replace(readings[key], values=_risen(readings[key].values)) for key in ids}
    return {**readings, **changed}


def _risen(values: Mapping[str, float]) -> Mapping[str, float]:
    """Codes of states stay what they are."""
    return {name: value if value.is_integer() else value + 0.001 for name, value in values.items()}
