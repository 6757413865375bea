"""Certificates are read once for all accounts that trust the same, and again once they change."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from ssl import SSLContext
from threading import Event

import pytest
import trustme

from fusionsolar_exporter.northbound import certificates
from fusionsolar_exporter.northbound.certificates import CertificatesError, tls_context


def context(ca: Path | None, *, verify: bool = True) -> SSLContext:
    return tls_context(verify=verify, ca=None if ca is None else str(ca), cert_file=None, key_file=None)


@pytest.fixture
def ca(tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(path))
    return path


def test_accounts_that_start_together_read_them_once(ca: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    original: Callable[[SSLContext, str], None] = certificates._trust

    def trust(context: SSLContext, path: str) -> None:
        read.append(path)
        original(context, path)

    monkeypatch.setattr(certificates, "_trust", trust)
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: context(ca), range(32)))
    assert len(found) == 1
    assert read == [str(ca)]


def test_files_that_hang_hold_up_nobody_else(ca: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hangs, original, goes_on = tmp_path / "hangs.pem", certificates._trust, Event()
    hangs.write_bytes(ca.read_bytes())

    def trust(context: SSLContext, path: str) -> None:
        if path == str(hangs):
            assert goes_on.wait(60)
        original(context, path)

    monkeypatch.setattr(certificates, "_trust", trust)
    with ThreadPoolExecutor(2) as pool:
        held_up = pool.submit(context, hangs)
        try:
            assert pool.submit(context, ca).result(30).get_ca_certs()
            assert not held_up.done()
        finally:
            goes_on.set()
        assert held_up.result(30).get_ca_certs()


def test_another_question_has_an_answer_of_its_own(ca: Path) -> None:
    made = [context(ca), context(None), context(ca, verify=False)]
    assert len(set(made)) == 3
    assert [one.check_hostname for one in made] == [True, True, False]
    assert context(ca, verify=False) is context(None, verify=False)


def test_a_file_that_changes_is_read_again(ca: Path) -> None:
    before = context(ca)
    other = trustme.CA().cert_pem.bytes()
    ca.write_bytes(ca.read_bytes() + other)
    added = context(ca)
    assert [len(one.get_ca_certs()) for one in (before, added)] == [1, 2]
    replacement = ca.with_name("new.pem")
    replacement.write_bytes(other)
    replacement.replace(ca)
    assert len(context(ca).get_ca_certs()) == 1


def test_what_could_not_be_read_is_tried_again(ca: Path) -> None:
    content = ca.read_bytes()
    ca.unlink()
    with pytest.raises(CertificatesError, match=r"ca\.pem' cannot be used: No such file or directory$"):
        context(ca)
    ca.write_bytes(content)
    assert len(context(ca).get_ca_certs()) == 1
