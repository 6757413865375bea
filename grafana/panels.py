"""Panels of numbers, lines and states. Every one has a description, which Grafana shows behind its ``i``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from string import ascii_uppercase
from typing import Any, TypeVar

from grafana_foundation_sdk.builders import bargauge, common, geomap, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.models import common as options
from grafana_foundation_sdk.models.dashboard import (
    DynamicConfigValue,
    FieldColorModeId,
    Threshold,
    ThresholdsMode,
    ValueMap,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from grafana.queries import Query
from grafana.variables import DATASOURCE

AnyPanel = stat.Panel | timeseries.Panel | bargauge.Panel | statetimeline.Panel | table.Panel | geomap.Panel
P = TypeVar("P", stat.Panel, timeseries.Panel, bargauge.Panel, statetimeline.Panel, table.Panel, geomap.Panel)
Steps = Sequence[tuple[float | None, str]]
"""Thresholds: from which value on which colour; the first value is None."""
TILE, HALF = (3, 4), (12, 8)
"""Usual sizes: of a number, and of half the page."""
PLAIN: Steps = ((None, "text"),)


@dataclass(frozen=True, slots=True)
class Frame:
    """What every panel has."""

    title: str
    description: str
    size: tuple[int, int] = HALF
    """Width in 24ths of the page, height in rows of 30 pixels."""
    unit: str = "short"
    decimals: int | None = None
    least: float | None = None
    most: float | None = None
    steps: Steps = PLAIN
    mappings: Sequence[ValueMap] = field(default_factory=tuple)
    empty: str = ""
    """What to show where there is no value."""


def framed(panel: P, frame: Frame) -> P:
    """Give a panel what every panel has."""
    panel.title(frame.title).description(frame.description).datasource(DATASOURCE)
    panel.span(frame.size[0]).height(frame.size[1]).unit(frame.unit)
    panel.thresholds(thresholds(frame.steps))
    if frame.decimals is not None:
        panel.decimals(frame.decimals)
    if frame.least is not None:
        panel.min(frame.least)
    if frame.most is not None:
        panel.max(frame.most)
    if frame.mappings:
        panel.mappings(list(frame.mappings))
    if frame.empty:
        panel.no_value(frame.empty)
    return panel


def ask(panel: P, queries: Sequence[Query], *, instant: bool = False, as_table: bool = False) -> P:
    """Give a panel its queries, A, B, C and so on."""
    for letter, query in zip(ascii_uppercase, queries, strict=False):
        target = Dataquery().ref_id(letter).expr(query.expr).datasource(DATASOURCE).legend_format(query.legend)
        target = target.instant() if instant else target.range()
        panel.with_target(target.format(PromQueryFormat.TABLE if as_table else PromQueryFormat.TIME_SERIES))
    return panel


def thresholds(steps: Steps) -> build.ThresholdsConfig:
    """Absolute thresholds."""
    made = [Threshold(value=value, color=colour) for value, colour in steps]
    return build.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(made)


def prop(name: str, value: Any) -> DynamicConfigValue:
    """One property of an override."""
    return DynamicConfigValue(id_val=name, value=value)


def number(frame: Frame, query: Query, *, names: bool = False) -> stat.Panel:
    """A big number, or one of each series, which ``names`` names.

    It is asked for this very moment: the last one of a range would show a value that has expired as if it were new.
    """
    panel = framed(stat.Panel(), frame)
    ask(panel, [query], instant=True)
    panel.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    panel.graph_mode(options.BigValueGraphMode.NONE)
    panel.text_mode(options.BigValueTextMode.VALUE_AND_NAME if names else options.BigValueTextMode.VALUE)
    return panel.color_mode(options.BigValueColorMode.VALUE).justify_mode(options.BigValueJustifyMode.AUTO)


def lines(
    frame: Frame, *queries: Query, stacked: bool = False, bars: bool = False, many: bool = False
) -> timeseries.Panel:
    """Values over time; ``many`` makes room for dozens of series."""
    panel = ask(framed(timeseries.Panel(), frame), queries)
    panel.color_scheme(build.FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC))
    panel.line_width(1).fill_opacity(60 if stacked or bars else 0).show_points(options.VisibilityMode.NEVER)
    panel.draw_style(options.GraphDrawStyle.BARS if bars else options.GraphDrawStyle.LINE)
    if stacked:
        panel.stacking(common.StackingConfig().mode(options.StackingMode.NORMAL).group("A"))
    panel.tooltip(common.VizTooltipOptions().mode(options.TooltipDisplayMode.MULTI).sort(options.SortOrder.DESCENDING))
    place = options.LegendPlacement.RIGHT if many else options.LegendPlacement.BOTTOM
    return panel.legend(
        common.VizLegendOptions()
        .display_mode(options.LegendDisplayMode.LIST)
        .placement(place)
        .show_legend(True)
        .calcs([])
    )


def dashed(panel: timeseries.Panel, name: str, colour: str) -> timeseries.Panel:
    """Draw one series of lines dashed, without area and apart from a stack."""
    return panel.override_by_name(
        name,
        [
            prop("custom.lineStyle", {"fill": "dash", "dash": [8, 6]}),
            prop("custom.fillOpacity", 0),
            prop("custom.stacking", {"mode": "none", "group": name}),
            prop("color", {"mode": "fixed", "fixedColor": colour}),
        ],
    )


def coloured(panel: P, colours: Mapping[str, str]) -> P:
    """Give series of known names their colours."""
    for name, colour in colours.items():
        panel.override_by_name(name, [prop("color", {"mode": "fixed", "fixedColor": colour})])
    return panel


def right(panel: timeseries.Panel, names: str, unit: str, label: str) -> timeseries.Panel:
    """Give series of another unit the axis on the right; ``names`` is a regular expression between slashes."""
    return panel.override_by_regexp(
        names, [prop("unit", unit), prop("custom.axisPlacement", "right"), prop("custom.axisLabel", label)]
    )


def ranking(frame: Frame, query: Query) -> bargauge.Panel:
    """A bar for each series, as of now."""
    panel = ask(framed(bargauge.Panel(), frame), [query], instant=True)
    panel.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    panel.text(common.VizTextDisplayOptions().title_size(12).value_size(14)).value_mode(
        options.BarGaugeValueMode.TEXT
    ).show_unfilled(True)
    return panel.display_mode(options.BarGaugeDisplayMode.BASIC).orientation(options.VizOrientation.HORIZONTAL)


def timeline(frame: Frame, *queries: Query) -> statetimeline.Panel:
    """States over time, a row for each series."""
    panel = ask(framed(statetimeline.Panel(), frame), queries)
    panel.color_scheme(build.FieldColor().mode(FieldColorModeId.THRESHOLDS))
    panel.legend(common.VizLegendOptions().show_legend(False).display_mode(options.LegendDisplayMode.LIST))
    panel.show_value(options.VisibilityMode.AUTO).row_height(0.85).line_width(0).fill_opacity(80)
    return panel.merge_values(True)
