"""Hosts of the portal are told apart from those that answer programs."""

from pathlib import Path

import pytest

from fusionsolar_exporter.config.validation import validate


@pytest.mark.parametrize(
    ("host", "portal"),
    [
        ("region01eu5.fusionsolar.huawei.com", True),
        ("uni001eu5.fusionsolar.huawei.com", True),
        ("uni003eu5.fusionsolar.huawei.com", True),
        ("REGION04EU5.fusionsolar.huawei.com", True),
        ("eu5.fusionsolar.huawei.com", False),
        ("intl.fusionsolar.huawei.com", False),
        ("region01eu5.example", False),
        ("127.0.0.1:8080", False),
    ],
)
def test_a_host_of_the_portal_is_a_warning(host: str, portal: bool) -> None:
    account = {"name": "a", "url": f"https://{host}", "username": "u", "password": "p"}
    warnings = validate({"accounts": [account]}, Path.cwd()).warnings
    assert any("a host of the portal" in line for line in warnings) is portal
