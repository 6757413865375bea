"""The status report as JSON: the dataclasses' field names are the keys, so renaming one breaks readers."""

import json
from dataclasses import asdict

from fusionsolar_exporter.web.status.report import StatusReport


def render_json(report: StatusReport) -> bytes:
    """Write the report of :mod:`.report`, strict JSON in UTF-8."""
    text = json.dumps(asdict(report), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "replace") + b"\n"
