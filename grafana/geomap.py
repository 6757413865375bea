"""Plants on a map, coloured by their health."""

from collections.abc import Sequence
from string import ascii_uppercase

from grafana_foundation_sdk.builders import common, geomap
from grafana_foundation_sdk.models.common import FrameGeometrySourceMode
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig
from grafana_foundation_sdk.models.geomap import MapCenterID, TooltipMode

from grafana.links import TO_PLANT
from grafana.panels import Frame, ask, framed, prop
from grafana.queries import Query
from grafana.tables import Column

LATITUDE, LONGITUDE = "Latitude", "Longitude"


def plants_map(frame: Frame, colour: str, columns: Sequence[Column]) -> geomap.Panel:
    """A marker for each row that has a latitude and a longitude; ``colour`` is the title of the column that colours it.

    Columns of queries are named by their titles; titles Latitude and Longitude have to be among them.
    """
    values = [column for column in columns if column.expr]
    panel = ask(framed(geomap.Panel(), frame), [Query(column.expr) for column in values], instant=True, as_table=True)
    panel.with_transformation(DataTransformerConfig(id_val="merge", options={}))
    names = {f"Value #{letter}": column.title for letter, column in zip(ascii_uppercase, values, strict=False)}
    panel.with_transformation(
        DataTransformerConfig(
            id_val="organize", options={"excludeByName": {"Time": True}, "indexByName": {}, "renameByName": names}
        )
    )
    for column in columns:
        said = [each for each in column.properties() if not each.id_val.startswith("custom.")]
        panel.override_by_name(column.label or column.title, said)
    panel.override_by_name("plant", [prop("links", [{"title": TO_PLANT[0], "url": TO_PLANT[1]}])])
    panel.basemap(common.MapLayerOptions().type("default").name("Map").config({}))
    panel.layers([_markers(colour)])
    panel.view(geomap.MapViewConfig().id(MapCenterID.FIT).all_layers(True).padding(20).zoom(2))
    return panel.tooltip(geomap.TooltipOptions().mode(TooltipMode.DETAILS))


def _markers(colour: str) -> common.MapLayerOptions:
    style = {
        "size": {"fixed": 7, "min": 2, "max": 15},
        "color": {"field": colour, "fixed": "dark-green"},
        "opacity": 0.8,
        "symbol": {"mode": "fixed", "fixed": "img/icons/marker/circle.svg"},
        "textConfig": {"fontSize": 12, "offsetX": 0, "offsetY": 0, "textAlign": "center", "textBaseline": "middle"},
    }
    location = common.FrameGeometrySource().mode(FrameGeometrySourceMode.COORDS)
    return (
        common.MapLayerOptions()
        .type("markers")
        .name("Plants")
        .location(location.latitude(LATITUDE).longitude(LONGITUDE))
        .tooltip(True)
        .config({"showLegend": True, "style": style})
    )
