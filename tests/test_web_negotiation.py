"""Which representation a scrape gets, by header values that real clients and odd ones send."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusionsolar_exporter.web.negotiation import wants_gzip, wants_openmetrics

OM = "application/openmetrics-text"

OPENMETRICS_WANTED = {
    "Prometheus 2.42": f"{OM};version=1.0.0,{OM};version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    "Prometheus 3": (
        f"{OM};version=1.0.0;escaping=allow-utf-8;q=0.6,{OM};version=0.0.1;q=0.5,"
        "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
    ),
    "Prometheus 3 with native histograms": (
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
        f"{OM};version=1.0.0;escaping=allow-utf-8;q=0.5,{OM};version=0.0.1;q=0.4,"
        "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
    ),
    "Prometheus 2.5": f"{OM}; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    "Grafana Agent": f"{OM}; version=1.0.0; charset=utf-8",
    "named alone": OM,
    "upper case": f"{OM.upper()};VERSION=1.0.0;Q=0.9",
    "a tie": f"text/plain,{OM}",
    "a tie of low qualities": f"{OM};q=0.1,text/plain;q=0.1",
    "the more specific range wins": f"{OM};q=0.1,{OM};version=1.0.0;q=0.9,text/plain;q=0.5",
    "a specific text range below a wildcard": f"text/plain;version=0.0.4;q=0.2,*/*;q=0.9,{OM};q=0.5",
    "a quoted version": f'{OM};version="1.0.0"',
    "a comma in quotes": f'x/y;z="a,text/plain;q=1",{OM};q=0.5',
    "spaces": f"  {OM} ; version = 1.0.0 ; q = 0.5 ",
    "a bad item beside": f";;;=,,{OM},q=,/",
    "the better of two alike": f"{OM};q=0.3,{OM};q=0.8,text/plain;q=0.5",
}
TEXT_WANTED = {
    "nothing": "",
    "curl": "*/*",
    "a browser": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Prometheus 1": "text/plain;version=0.0.4;q=1,*/*;q=0.1",
    "Telegraf": "application/vnd.google.protobuf;encoding=delimited;q=0.7,text/plain;version=0.0.4;q=0.3",
    "VictoriaMetrics": "text/plain;version=0.0.4;q=1,*/*;q=0.1",
    "text preferred": f"{OM};version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.9",
    "text preferred by a wildcard": f"{OM};q=0.5,*/*",
    "text preferred by its type": f"{OM};q=0.5,text/*;q=0.6",
    "refused": f"{OM};q=0",
    "refused with zeros": f"{OM};q=0.000,text/plain;q=0.1",
    "the more specific range refuses": f"{OM};q=0.9,{OM};version=1.0.0;q=0.1,text/plain;q=0.5",
    "only a wildcard of the type": "application/*",
    "a version to come": f"{OM};version=2.0.0",
    "no number": f"{OM};q=high",
    "over one": f"{OM};q=1.5",
    "below zero": f"{OM};q=-1",
    "no finite number": f"{OM};q=inf",
    "an empty quality": f"{OM};q=",
    "digits of another script": f"{OM};q=\u0660.\u0665",
    "glued": f"{OM}x",
    "everything refused": "*/*;q=0",
    "another type": "application/json",
    "commas": ",,,,",
    "semicolons": ";;;",
    "an open quote": f'text/plain;x="{OM}',
    "control characters": "\x01\x02\x7f",
}


@pytest.mark.parametrize("accept", OPENMETRICS_WANTED.values(), ids=OPENMETRICS_WANTED.keys())
def test_openmetrics_is_sent(accept: str) -> None:
    assert wants_openmetrics(accept)


@pytest.mark.parametrize("accept", TEXT_WANTED.values(), ids=TEXT_WANTED.keys())
def test_text_is_sent(accept: str) -> None:
    assert not wants_openmetrics(accept)


@pytest.mark.parametrize(
    "accept",
    ["gzip", "gzip, deflate, br", "GZIP", "x-gzip", "*", "br;q=1.0, gzip;q=0.8, *;q=0.1", "identity;q=0.5, gzip;q=0.5"],
)
def test_gzip_is_sent(accept: str) -> None:
    assert wants_gzip(accept)


@pytest.mark.parametrize(
    "accept",
    ["", "identity", "deflate", "gzip;q=0", "gzip;q=0, *", "*;q=0", "identity, gzip;q=0.5", "gzip;q=x", "gzipped", ","],
)
def test_the_plain_body_is_sent(accept: str) -> None:
    assert not wants_gzip(accept)


@given(st.text())
def test_any_header_has_an_answer(header: str) -> None:
    assert wants_openmetrics(header) in {True, False}
    assert wants_gzip(header) in {True, False}


@given(st.lists(st.sampled_from([*OPENMETRICS_WANTED.values(), *TEXT_WANTED.values(), '"', "\\", ";q=", ","])))
def test_any_mixture_has_an_answer(parts: list[str]) -> None:
    assert wants_openmetrics("".join(parts)) in {True, False}
