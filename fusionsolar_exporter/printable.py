"""Text from outside, made fit for one line of a terminal or a page."""


def printable(text: str) -> str:
    """The text with a space for every character that is not printable: no line ends, no escape sequences."""
    return "".join(char if char.isprintable() else " " for char in text)
