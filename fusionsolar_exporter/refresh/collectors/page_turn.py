"""One turn through the pages of the plant list: what they have named so far, and whether there is another one."""

from math import ceil

from fusionsolar_exporter.northbound.answers import Page
from fusionsolar_exporter.northbound.client import PAGE_SIZE
from fusionsolar_exporter.northbound.model import Plant

_MOST_PAGES = 10_000


class PageTurn:
    """From page 1 to the end, or to the whole list in one answer."""

    def __init__(self) -> None:
        self.page = 1
        """The page to ask for next."""
        self.whole = False
        """Whether the whole list is asked for in one call."""
        self.codes: dict[str, None] = {}
        """The plants that were named, in their order."""
        self.unreadable = 0
        """Records that named none."""
        self.pages = 1
        """How many pages the list has, as far as the answers tell."""

    def take(self, content: Page[Plant]) -> bool:
        """Take a page; whether it named a plant that none before it has named."""
        known = len(self.codes)
        self.codes.update((plant.code, None) for plant in content.items)
        self.unreadable += content.dropped  # nothing is asked for by id here: what is dropped could not be read
        return len(self.codes) > known

    def go_on(self, content: Page[Plant], *, brought_new: bool, most_pages: float) -> bool:
        """Go on to the next page, or to the whole list where there are more pages than that; False at the end."""
        if content.whole or not brought_new:
            self.pages = 1 if content.whole else self.page
            return False
        pages = content.pages
        if pages is None:
            full = len(content.items) + content.dropped >= PAGE_SIZE
            pages = ceil(content.total / PAGE_SIZE) if content.total is not None else self.page + int(full)
        self.pages = max(1, min(pages, _MOST_PAGES))
        if self.page >= self.pages:
            return False
        if self.pages > most_pages:
            self.whole, self.pages = True, 1
            self.codes, self.unreadable = {}, 0
        self.page += 1
        return True

    def is_complete(self, content: Page[Plant]) -> bool:
        """Whether the last page that is worth asking for has come, and no plant of the list is missing."""
        if content.total is not None:
            return self.has_all(content)
        return content.empty or content.pages is None or self.page >= content.pages

    def has_all(self, content: Page[Plant]) -> bool:
        """Whether so many records have come as the list says that it has."""
        return content.total is not None and len(self.codes) + self.unreadable >= content.total
