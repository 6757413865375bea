"""``docs/configuration.md`` says what the code does: its keys, its defaults, its words, its examples."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

import pytest
import yaml
from pydantic import BaseModel

from fusionsolar_exporter.config import CollectorConfig, Config, Language, PlantListChoice, load_config
from fusionsolar_exporter.config.collectors import ReportConfig
from fusionsolar_exporter.config.rates import UnusedInterface
from fusionsolar_exporter.northbound.interfaces import Interface

PAGE = (Path(__file__).parents[1] / "docs" / "configuration.md").read_text()
ROW = re.compile(r"^\| `([a-z_]+)` \| [^|]+ \| (mandatory|`[^`]+`) \|", re.MULTILINE)
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
MANDATORY = {"name": "a", "url": "https://eu5.example", "username": "u", "password": "p"}
SHARED: dict[type[BaseModel], str] = {CollectorConfig: "collectors.*", ReportConfig: "collectors.plant_hourly"}


def sections() -> dict[str, dict[str, str]]:
    """Give the tables of the page: heading, then key, then what stands under default."""
    found = {}
    for part in re.split(r"^##+ ", PAGE, flags=re.MULTILINE)[1:]:
        heading, _, body = part.partition("\n")
        rows = {key: default.strip("`") for key, default in ROW.findall(body)}
        if rows:
            found["" if heading == "The file" else heading.strip("`")] = rows
    return found


def models(path: str, annotation: Any) -> Iterator[tuple[str, type[BaseModel]]]:
    """Give every model under an annotation, with its path as the page's headings write it."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield SHARED.get(annotation, path), annotation
        for name, field in annotation.model_fields.items():
            yield from models(f"{path}.{name}".lstrip("."), field.annotation)
    elif get_origin(annotation) is tuple:
        yield from models(f"{path}[]", get_args(annotation)[0])
    elif get_origin(annotation) in (Union, UnionType):
        for choice in get_args(annotation):
            yield from models(path, choice)
    elif len(get_args(annotation)) == 2:
        yield from models(f"{path}.*", get_args(annotation)[1])


def test_every_key_has_its_row() -> None:
    expected = {path: list(model.model_fields) for path, model in models("", Config)}
    assert {path: list(rows) for path, rows in sections().items()} == expected


def test_mandatory_is_what_the_page_says() -> None:
    rows = sections()
    for path, model in models("", Config):
        required = {name for name, field in model.model_fields.items() if field.is_required()}
        assert {name for name, default in rows[path].items() if default == "mandatory"} == required


def test_the_defaults_of_the_page_are_the_codes(tmp_path: Path) -> None:
    rows = sections()

    def written(path: str) -> dict[str, Any]:
        return {key: yaml.safe_load(default) for key, default in rows[path].items() if default != "mandatory"}

    account = {**written("accounts[]"), **MANDATORY}
    account["tls"] = written("accounts[].tls")
    account["plants"] = written("accounts[].plants")
    limits = {"login": written("accounts[].rate_limits.interfaces.*")}
    backoff = written("accounts[].rate_limits.backoff")
    account["rate_limits"] = {**written("accounts[].rate_limits"), "backoff": backoff, "interfaces": limits}
    collectors = dict.fromkeys(("plant_list", "device_list", "plant_realtime", "device_realtime"))
    tree = {
        "accounts": [account],
        "collectors": {
            **{name: written("collectors.*") for name in collectors},
            "alarms": written("collectors.alarms"),
            "plant_hourly": written("collectors.plant_hourly"),
            "inverter_convergence": written("collectors.inverter_convergence"),
        },
        **{name: written(name) for name in ("metrics", "state", "limits")},
    }
    page, bare = tmp_path / "page.yml", tmp_path / "bare.yml"
    page.write_text(yaml.safe_dump(tree))
    bare.write_text(yaml.safe_dump({"accounts": [{**MANDATORY, "rate_limits": {"interfaces": {"login": {}}}}]}))
    assert load_config(page, {}) == load_config(bare, {})


@pytest.mark.parametrize("text", EXAMPLES)
def test_examples_load(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.yml"
    path.write_text(text)
    assert load_config(path, {"ROOFS_PASSWORD": "x"}).accounts


def test_every_word_is_named() -> None:
    for word in (*Language, *PlantListChoice, *Interface, *UnusedInterface):
        assert f"`{word}`" in PAGE
