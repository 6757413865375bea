"""From a file or from the environment to a :class:`Config`."""

import re
from collections.abc import Mapping
from pathlib import Path

from fusionsolar_exporter.config.document import parse_document
from fusionsolar_exporter.config.doubts import doubts
from fusionsolar_exporter.config.environment import substitute
from fusionsolar_exporter.config.errors import ConfigError, in_file
from fusionsolar_exporter.config.models import Config
from fusionsolar_exporter.config.validation import validate, validate_as
from fusionsolar_exporter.config.web import WebConfig

_LARGEST_FILE = 1 << 20  # bytes
_SAYS_SOMETHING = re.compile(r"^[^#\s-]", re.MULTILINE)
_VARIABLES = {
    "url": "FUSIONSOLAR_URL",
    "username": "FUSIONSOLAR_USERNAME",
    "password": "FUSIONSOLAR_PASSWORD",
    "password_file": "FUSIONSOLAR_PASSWORD_FILE",
}
_CA_FILE = "FUSIONSOLAR_CA_FILE"


def load_config(path: Path, environ: Mapping[str, str]) -> Config:
    """Read a configuration file; relative paths in it start at its directory.

    Raises :class:`ConfigError` with every problem found.
    """
    text = _read(path)
    tree, problems = substitute(parse_document(text, str(path)), environ)
    if problems:
        raise ConfigError(problems)
    return validate(tree, path.absolute().parent, doubts(text, path.stat().st_mode))


def load_web_config(path: Path) -> WebConfig:
    """Read the file that ``--web.config.file`` names; an empty one asks for nothing.

    Raises :class:`ConfigError` with every problem found, each with the file's name.
    """
    text = _read(path)
    try:
        tree = parse_document(text, str(path)) if _SAYS_SOMETHING.search(text) else {}
        return validate_as(WebConfig, tree, path.absolute().parent)
    except ConfigError as error:
        raise ConfigError(in_file(path, error.problems)) from None


def config_from_environment(environ: Mapping[str, str]) -> Config:
    """Make a configuration of one account ``default`` from the variables FUSIONSOLAR_...; empty ones count as unset.

    Raises :class:`ConfigError`, which says what to set.
    """
    account: dict[str, object] = {
        key: environ[variable] for key, variable in _VARIABLES.items() if environ.get(variable)
    }
    missing = [_VARIABLES[key] for key in ("url", "username") if key not in account]
    if "password" not in account and "password_file" not in account:
        missing.append("FUSIONSOLAR_PASSWORD (or FUSIONSOLAR_PASSWORD_FILE)")
    if missing:
        text = f"no configuration: not set: {', '.join(missing)}; set them, or give a file with --config.file"
        raise ConfigError([f"{text}; `fusionsolar-exporter demo` needs no account"])
    if environ.get(_CA_FILE):
        account["tls"] = {"ca_file": environ[_CA_FILE]}
    tree = {"accounts": [{"name": "default", **account}]}
    try:
        return validate(tree, Path.cwd())
    except ConfigError as error:
        raise ConfigError(_in_variables(line) for line in error.problems) from None


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a usable path"
        raise ConfigError([f"{path}: cannot be read: {reason}"]) from None
    if len(content) > _LARGEST_FILE:
        raise ConfigError([f"{path}: larger than {_LARGEST_FILE} bytes"])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError([f"{path}: line {line}: not UTF-8"]) from None


def _in_variables(line: str) -> str:
    where, _, what = line.partition(": ")
    named = {**_VARIABLES, "tls.ca_file": _CA_FILE}
    return f"{named.get(where.removeprefix('accounts[0].'), where)}: {what}"
