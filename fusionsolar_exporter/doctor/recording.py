"""``--record``: what was asked and answered, a file for each request, for people to attach to a report."""

import json
import os
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from typing_extensions import override

from fusionsolar_exporter.doctor.pseudonyms import Pseudonyms
from fusionsolar_exporter.doctor.redaction import Redactor
from fusionsolar_exporter.northbound.auth import Auth
from fusionsolar_exporter.northbound.errors import NorthboundError
from fusionsolar_exporter.northbound.json_answer import parse_json
from fusionsolar_exporter.northbound.transport import RawAnswer, Transport


class RecordingError(Exception):
    """The directory cannot be used."""


class Recording:
    """A directory. Safe from any thread."""

    def __init__(self, directory: Path) -> None:
        """Raises RecordingError where the directory holds something, or cannot be made."""
        self._directory = directory
        self._lock = threading.Lock()
        self._pseudonyms = Pseudonyms()
        self._written = 0
        self.failure = ""
        """Why something could not be written; empty where all was."""
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            if any(directory.iterdir()):
                raise RecordingError(f"{directory}: not empty; expected a new or an empty directory")
        except OSError as error:
            raise RecordingError(f"{directory}: cannot be used: {error.strerror}") from None

    def transport(self, inner: Transport, account: int, secrets: Iterable[str]) -> "RecordingTransport":
        """A transport that writes down what passes, for the account of this number."""
        return RecordingTransport(inner, self, account, Redactor(self._pseudonyms, secrets))

    def write(self, account: int, path: str, record: Mapping[str, Any]) -> None:
        """One request and its answer; a failure to write is told once and never ends the examination."""
        with self._lock:
            self._written += 1
            file = self._directory / f"{self._written:04d}-account-{account}-{path}.json"
        text = json.dumps(record, indent=1, ensure_ascii=True) + "\n"
        try:
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w") as output:
                output.write(text)
        except OSError as error:
            self.failure = self.failure or f"{self._directory}: cannot be written: {error.strerror}"


class RecordingTransport(Transport):
    """Sees what goes over the wire, and changes nothing of it."""

    def __init__(self, inner: Transport, recording: Recording, account: int, redactor: Redactor) -> None:
        self._inner = inner
        self._recording = recording
        self._account = account
        self._redactor = redactor

    @override
    def post(self, path: str, payload: Mapping[str, Any], auth: Auth) -> RawAnswer:
        for secret in auth.secrets:
            self._redactor.remember(secret)
        record: dict[str, Any] = {"interface": path, "with_token": bool(auth.secrets)}
        try:
            raw = self._inner.post(path, payload, auth)
        except NorthboundError as error:
            request = self._redactor.redact(dict(payload))
            self._recording.write(self._account, path, {**record, "request": request, "failure": error.reason})
            raise
        self._redactor.remember(raw.token)
        record["request"] = self._redactor.redact(dict(payload))
        record |= {"status": raw.status, "brought_token": bool(raw.token), "bytes": len(raw.body)}
        try:
            record["answer"] = self._redactor.redact(parse_json(raw.body, path))
        except (ValueError, RecursionError):  # a page or half an answer may hold anything
            html = raw.body.lstrip()[:1] == b"<"
            record["no_json"] = "a web page" if html else "something else"
        self._recording.write(self._account, path, record)
        return raw

    @override
    def post_form(self, url: str, interface: str, form: Mapping[str, str]) -> RawAnswer:
        """What is sent to the token address and comes from it is secret, but for whether it went well."""
        record: dict[str, Any] = {"interface": interface}
        try:
            raw = self._inner.post_form(url, interface, form)
        except NorthboundError as error:
            self._recording.write(self._account, interface, {**record, "failure": error.reason})
            raise
        self._recording.write(self._account, interface, {**record, "status": raw.status, "bytes": len(raw.body)})
        return raw

    @override
    def close(self) -> None:
        self._inner.close()
