"""Where a relative path of ``state.url`` starts: as any other does."""

from pathlib import Path

import pytest

from fusionsolar_exporter.config.load import load_config

ACCOUNT = "accounts: [{name: a, url: 'https://x', username: u, password: p}]\n"


@pytest.mark.parametrize("written", ["rel.sqlite", "./rel.sqlite", "{}/rel.sqlite"])
def test_it_starts_at_the_directory_of_the_file(tmp_path: Path, written: str) -> None:
    config = tmp_path / "config.yml"
    config.write_text(f"{ACCOUNT}state: {{url: 'sqlite:{written.format(tmp_path)}'}}")
    assert load_config(config, {}).state.url.path({}) == tmp_path / "rel.sqlite"
