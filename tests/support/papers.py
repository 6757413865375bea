"""Certificates for tests of the web server, and files that name them."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import trustme
import yaml

LOCKED = b"""-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgavIzHUt8k/AICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEGq0q5d/cDCjQ0Q5YVG/HyYEQGQv
9iGBxuqvIShgxHNki/7/0KOTyVJ6Arprk2IYvfEYemb09DnpwDol935XfO1lEiLs
LSaLtnmxwjkqROo3NZ4=
-----END ENCRYPTED PRIVATE KEY-----
"""
"""A key with a passphrase."""


@dataclass(frozen=True)
class Papers:
    """An authority, and files with what it has signed."""

    directory: Path
    authority: trustme.CA

    @classmethod
    def of_a_new_authority(cls, directory: Path) -> Self:
        """Its own certificate is in ``ca.pem``."""
        papers = cls(directory, trustme.CA())
        papers.write("ca.pem", papers.authority.cert_pem.bytes())
        return papers

    def certificate(self, name: str, *names: str) -> dict[str, str]:
        """Names of the files that hold a certificate and its key."""
        issued = self.authority.issue_cert(*names)
        chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
        self.write(f"{name}.pem", chain)
        self.write(f"{name}.key", issued.private_key_pem.bytes())
        return {"cert_file": f"{name}.pem", "key_file": f"{name}.key"}

    def write(self, name: str, content: bytes) -> Path:
        path = self.directory / name
        path.write_bytes(content)
        return path

    def web_config(self, tree: Mapping[str, Any]) -> Path:
        return self.write("web.yml", yaml.safe_dump(dict(tree)).encode())

    def client(self, certificate: Mapping[str, str] | None = None) -> ssl.SSLContext:
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        if certificate is not None:
            context.load_cert_chain(self.directory / certificate["cert_file"], self.directory / certificate["key_file"])
        return context
