"""The report as JSON: the dataclasses' field names are the keys."""

import json
from dataclasses import asdict

from fusionsolar_exporter.doctor.report import DoctorReport


def render_json(report: DoctorReport) -> str:
    """Strict JSON of one document, in ASCII, so that it passes any pipe."""
    return json.dumps(asdict(report), indent=2, ensure_ascii=True, allow_nan=False) + "\n"
