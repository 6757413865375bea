"""How the far side wants the type of devices: as a number or as a text."""

from collections.abc import Container


class TypeForm:
    """Found out by asking. Each type that answers nothing at all is asked once in the other form.

    One that has nothing to say in either leaves the form as it was: others may depend on it.
    """

    def __init__(self) -> None:
        self.as_text = False
        self.proven = False
        """Whether values have come in this form."""
        self._tried: set[int] = set()
        self._trying: int | None = None
        """The type for which the other form is being tried."""

    def restore(self, *, as_text: bool, proven: bool) -> None:
        """Take over what was kept."""
        self.as_text, self.proven = as_text, proven

    def answered(self, type_id: int, *, empty: bool) -> bool:
        """Devices of a type were answered; whether they are to be asked again at once, in the other form."""
        self.proven |= not empty
        if self.proven:
            return False
        if self._trying == type_id:
            self._trying = None
            self._turn()
        elif self._trying is None and type_id not in self._tried:
            self._tried.add(type_id)
            self._trying = type_id
            self._turn()
            return True
        return False

    def refused(self) -> None:
        """A request was refused, perhaps for its form."""
        if not self.proven:
            self._turn()

    def keep(self, types: Container[int]) -> None:
        """These are asked; what was being tried for another type is given up."""
        if self._trying is not None and self._trying not in types:
            self._trying = None
            self._turn()

    def _turn(self) -> None:
        self.as_text = not self.as_text
