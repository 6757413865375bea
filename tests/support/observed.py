"""What a backend of state reports, remembered."""

from dataclasses import dataclass, field


@dataclass
class Observed:
    """What a backend reported."""

    seconds: list[float] = field(default_factory=list)
    """Of each operation."""
    failures: int = 0
    works: bool | None = None
    changes: list[bool] = field(default_factory=list)

    @property
    def operations(self) -> int:
        return len(self.seconds)

    def operation(self, seconds: float) -> None:
        assert seconds >= 0
        self.seconds.append(seconds)

    def failed(self) -> None:
        self.failures += 1

    def working(self, working: bool) -> None:
        if working != self.works:
            self.changes.append(working)
        self.works = working
