"""How many files may be open: raised where accounts need more, and said where that is not allowed."""

import resource

import pytest

from fusionsolar_exporter.open_files import provide_open_files

UNLIMITED = resource.RLIM_INFINITY


class Lines:
    """A log."""

    def __init__(self) -> None:
        self.warnings: list[dict[str, object]] = []

    def warning(self, _msg: str, /, **fields: object) -> None:
        self.warnings.append(fields)

    debug = info = error = warning


@pytest.mark.parametrize(
    ("accounts", "before", "after", "allowed"),
    [
        (1, (1024, 4096), None, None),
        (256, (1024, 4096), None, None),
        (300, (1024, 4096), (1156, 4096), None),
        (300, (1024, UNLIMITED), (1156, UNLIMITED), None),
        (300, (1024, 1100), (1100, 1100), 1100),
        (300, (1024, 1024), (1024, 1024), 1024),
        (9000, (UNLIMITED, UNLIMITED), None, None),
    ],
)
def test_the_soft_limit_follows_the_accounts_up_to_the_hard_one(
    monkeypatch: pytest.MonkeyPatch,
    accounts: int,
    before: tuple[int, int],
    after: tuple[int, int] | None,
    allowed: int | None,
) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _kind: before)
    monkeypatch.setattr(resource, "setrlimit", lambda _kind, limits: asked.append(limits))
    log = Lines()
    provide_open_files(accounts, log)
    assert asked == ([] if after is None else [after])
    assert [fields["allowed"] for fields in log.warnings] == ([] if allowed is None else [allowed])
