"""Whatever stands in a file, it is a configuration or is refused in single lines that keep the password."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from fusionsolar_exporter.config import Config, ConfigError, load_config

SECRET = "hunter2-Geheim"
KEYS = (
    "accounts",
    "name",
    "url",
    "username",
    "password",
    "password_file",
    "timeout",
    "tls",
    "plants",
    "include",
    "device_types",
    "kpi_overrides",
    "rate_limits",
    "interfaces",
    "login",
    "window",
    "collectors",
    "alarms",
    "levels",
    "lookback",
    "metrics",
    "state",
    "limits",
    "proxy_url",
    "scale",
    "<<",
    "x",
)
WORDS = (SECRET, "30s", "0", "auto", "https://h", f"https://u:{SECRET}@h", "${X}", "(", "[a", "1", "memory:", "a\0b")

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(WORDS) | st.text(max_size=8)
trees = st.recursive(
    scalars | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=25,
)
accounts = st.fixed_dictionaries(
    {},
    optional={
        "name": scalars,
        "url": st.sampled_from(WORDS),
        "username": scalars,
        "password": st.just(SECRET) | st.lists(st.just(SECRET)) | st.dictionaries(st.just("x"), st.just(SECRET)),
        **dict.fromkeys(("proxy_url", "tls", "plants", "device_types", "kpi_overrides", "rate_limits"), trees),
    },
)
documents = trees | st.fixed_dictionaries({"accounts": st.lists(accounts, max_size=2)}, optional={"collectors": trees})
snippets = st.lists(  # a key is shown where it is unknown, so the password is never part of one here
    st.sampled_from(
        ["accounts:", "\n", "  ", "- ", "name: ", "{", "}", "[", "]", "&a ", "*a", "|", ": ", "<<: ", "---\n", "\t"]
        + [f"password: {sign}{SECRET}" for sign in ("", "*", "!", "&", "! ", "'", '"', "@", "%", "`", "- ", "{{ ")]
        + ["%TAG ", ">", "#", "\\", "limits:", "timeout: 5"]
    ),
    max_size=25,
).map("".join)
texts = snippets | documents.map(yaml.dump) | st.text(max_size=60) | documents.map(lambda tree: yaml.dump(tree)[:-7])


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "config.yml"


def outcome(path: Path) -> tuple[Config | None, ConfigError | None]:
    try:
        return load_config(path, {}), None
    except ConfigError as error:
        return None, error


@pytest.mark.no_cover
@settings(max_examples=400, deadline=None)
@given(text=texts)
def test_a_configuration_or_its_problems(path: Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    config, refusal = outcome(path)
    if refusal is None:
        assert config is not None
        assert config.accounts
        assert all(line.isprintable() for line in config.warnings)
    else:
        assert refusal.problems
        assert all(line.isprintable() for line in refusal.problems)
        assert SECRET not in str(refusal)
        assert refusal.__suppress_context__ or refusal.__context__ is None
