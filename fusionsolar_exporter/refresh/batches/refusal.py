"""What a batch goes through while the far side refuses one of its ids: newer lists first, then a search for the id."""

from collections.abc import Container
from dataclasses import dataclass

from fusionsolar_exporter.refresh.batches.bisection import Bisection


@dataclass(eq=False, slots=True)
class Refusal:
    """Ends with the first answer, or when the id is found and left out. Moments are in the pacing clock's seconds."""

    since: float
    """Start of the first refused request: who is answered later shows that the far side is well."""
    times: int = 0
    """In a row, before the search."""
    awaits_lists_since: float | None = None
    """Asked again as soon as the lists are newer than this."""
    search: Bisection | None = None

    @property
    def over(self) -> bool:
        """Whether the search has found what there was to find."""
        return self.search is not None and self.search.done

    @property
    def found_good_ids(self) -> bool:
        """Whether the search has had an answer."""
        return self.search is not None and bool(self.search.good)

    def keep(self, ids: Container[str]) -> None:
        """Forget the ids that are no longer listed."""
        if self.search is not None:
            self.search.keep(ids)
