"""The lines before the samples of a family, in both formats; the lines of samples are the same in both."""

from dataclasses import dataclass

from prometheus_client.metrics_core import Metric

from fusionsolar_exporter.metrics.families import as_openmetrics

_COUNTER = "counter"


@dataclass(frozen=True, slots=True)
class Headers:
    """HELP and TYPE, in OpenMetrics also UNIT."""

    text: str
    openmetrics: str


def headers(metric: Metric) -> Headers:
    """The headers of a gauge, a counter or a histogram."""
    name, documentation = metric.name, metric.documentation.replace("\\", r"\\").replace("\n", r"\n")
    text_name = f"{name}_total" if metric.type == _COUNTER else name
    escaped = documentation.replace('"', r"\"")
    told = as_openmetrics(metric)
    unit = f"# UNIT {told.name} {told.unit}\n" if told.unit else ""
    return Headers(
        f"# HELP {text_name} {documentation}\n# TYPE {text_name} {metric.type}\n",
        f"# HELP {told.name} {escaped}\n# TYPE {told.name} {told.type}\n{unit}",
    )
