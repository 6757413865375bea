"""State that ends with the process."""

from collections.abc import Sequence

from fusionsolar_exporter.state.store import Entry, Kept


class MemoryPlace:
    """Always leads and keeps nothing: what is known lives in the account itself."""

    keeps = False

    def lead(self) -> bool:
        """See :meth:`Place.lead`."""
        return True

    def presumes(self) -> bool:
        """See :meth:`Place.presumes`."""
        return False

    def forgot(self) -> bool:
        """See :meth:`Place.forgot`."""
        return False

    def news(self) -> Sequence[Kept]:
        """See :meth:`Place.news`."""
        return ()

    def write(self, entries: Sequence[Entry]) -> None:
        """See :meth:`Place.write`."""

    def release(self) -> None:
        """See :meth:`Place.release`."""

    def demand(self) -> None:
        """See :meth:`Place.demand`."""


class MemoryState:
    """``memory:``."""

    def place(self, host: str, username: str) -> MemoryPlace:
        """See :meth:`State.place`."""
        del host, username
        return MemoryPlace()

    def close(self) -> None:
        """See :meth:`State.close`."""
