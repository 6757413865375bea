"""The README of the chart, made from its commented values: a part of ``scripts/render-manifests``."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

_KEY = re.compile(r"( *)([A-Za-z_]\w*):(?: +(.*))?$")
_HEAD = """\
# fusionsolar-exporter

{description}. Plants, devices and alarms of the northbound interface,
read at the pace that its limits allow; for Kubernetes {kubernetes}.

```sh
kubectl create secret generic fusionsolar \\
    --from-literal=username=northbound-user --from-file=password=./northbound-password
helm install fusionsolar deploy/helm/fusionsolar-exporter \\
    --set url=https://eu5.fusionsolar.huawei.com --set secretName=fusionsolar
```

How to use it, in steps: [docs/deploy-helm.md](../../../docs/deploy-helm.md). Values that go together,
each a file that is rendered and checked in the tests: [ci/](ci).

## Values

A value that is not in this table is refused.

| value | default | |
| --- | --- | --- |
"""


def readme(chart: Path) -> str:
    """The page, from ``Chart.yaml`` and ``values.yaml`` of a chart."""
    about = yaml.safe_load((chart / "Chart.yaml").read_text(encoding="utf-8"))
    text = (chart / "values.yaml").read_text(encoding="utf-8")
    kubernetes = about["kubeVersion"].removeprefix(">=").removesuffix(".0-0") + " and newer"
    rows = "".join(f"| `{path}` | {default} | {comment} |\n" for path, default, comment in _rows(text))
    return _HEAD.format(description=about["description"], kubernetes=kubernetes) + rows


def _rows(text: str) -> Iterator[tuple[str, str, str]]:
    """Path, default and comment of every key; a section has no default."""
    values = yaml.safe_load(text)
    path: list[tuple[int, str]] = []
    comment: list[str] = []
    for line in text.splitlines():
        if line.lstrip().startswith("#"):
            comment.append(line.strip().removeprefix("# "))
        elif found := _KEY.match(line):
            indent, key, inline = len(found[1]), found[2], found[3]
            path = [*((depth, name) for depth, name in path if depth < indent), (indent, key)]
            names = [name for _, name in path]
            yield ".".join(names), "" if inline is None else _default(values, names), _cell(" ".join(comment))
            comment = []
        else:
            comment = []


def _default(values: Any, names: list[str]) -> str:
    for name in names:
        values = values[name]
    return f"`{_cell(json.dumps(values))}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
