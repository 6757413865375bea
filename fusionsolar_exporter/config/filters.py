"""What to take and what to leave out, by regular expressions that must match the whole of a text."""

from fusionsolar_exporter.config.fields import Flag, Patterns, Section


class _Filter(Section):
    """An empty ``include`` takes everything; ``exclude`` wins."""

    include: Patterns = ()
    exclude: Patterns = ()

    def _takes(self, *texts: str) -> bool:
        def matched(patterns: Patterns) -> bool:
            return any(pattern.fullmatch(text) for pattern in patterns for text in texts)

        return (not self.include or matched(self.include)) and not matched(self.exclude)


class PlantFilter(_Filter):
    """``accounts[].plants``: which plants are asked for and exported."""

    def selects(self, code: str, name: str) -> bool:
        """Say whether a plant is taken: the expressions look at its code and at its name."""
        return self._takes(code, name)


class MetricsConfig(_Filter):
    """``metrics``: which metrics are exported, by name."""

    drop_unfitted_strings: Flag = False

    def exports(self, name: str) -> bool:
        """Say whether the metric of this name is exported."""
        return self._takes(name)
