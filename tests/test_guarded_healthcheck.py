"""The healthcheck behind a web configuration: what shows that the exporter works though it lets nobody in."""

import ssl
from http.client import RemoteDisconnected

import pytest
from support.papers import Papers

from fusionsolar_exporter.guarded_healthcheck import asking_behind


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    return Papers.of_a_new_authority(tmp_path_factory.mktemp("papers"))


@pytest.mark.parametrize(
    ("wants", "works"),
    [
        (None, False),
        ("NoClientCert", False),
        ("RequestClientCert", False),
        ("VerifyClientCertIfGiven", False),
        ("RequireAnyClientCert", True),
        ("RequireAndVerifyClientCert", True),
    ],
)
def test_a_handshake_that_fails_shows_life_where_clients_need_a_certificate(
    papers: Papers, wants: str | None, works: bool
) -> None:
    tls = papers.certificate("server", "127.0.0.1")
    if wants is not None:
        tls |= {"client_auth_type": wants}
        if "Require" in wants or "Verify" in wants:
            tls |= {"client_ca_file": "ca.pem"}
    asking = asking_behind(papers.web_config({"tls_server_config": tls}))
    for error in (ssl.SSLError("certificate required"), RemoteDisconnected("closed"), ConnectionResetError("reset")):
        assert asking.is_alive(error) is works
    assert not any(map(asking.is_alive, (ConnectionRefusedError("nobody there"), TimeoutError("silence"))))


def test_without_tls_nothing_that_fails_shows_life(papers: Papers) -> None:
    asking = asking_behind(papers.web_config({}))
    assert (asking.scheme, asking.headers) == ("http", {})
    assert asking.is_alive(ConnectionResetError("reset")) is False
