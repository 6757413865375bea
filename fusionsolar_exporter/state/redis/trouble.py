"""What is wrong with Redis, and what to do about it, in words; never with the address's password."""

from dataclasses import dataclass

import redis

from fusionsolar_exporter.state.redis.scripts import PREFIX


@dataclass(frozen=True, slots=True)
class Trouble:
    """One kind of failure."""

    what: str
    advice: str


_UNREACHABLE = Trouble("it cannot be reached", "start it, or correct state.url")
_SILENT = Trouble(
    "it does not answer in time",
    "see whether it is overloaded or a firewall drops packets; with rediss:// see whether this port speaks TLS",
)
_LOADING = Trouble("it is still loading its data", "wait")
_PASSWORD = Trouble("it refuses the user name or password", "correct them in state.url; special characters as %XX")
_TLS = Trouble(
    "TLS fails",
    "see whether this port speaks TLS (rediss://) and which authority has signed its certificate (?ssl_ca_certs=FILE)",
)
_PROTOCOL = Trouble("what answers does not speak as Redis does", "correct the port; where it speaks TLS, use rediss://")
_PERMISSION = Trouble(
    "this user may not use what is needed",
    f"allow it scripts and all commands on the keys {PREFIX}* (ACL: ~{PREFIX}* +@all)",
)
_READ_ONLY = Trouble("it is a read-only replica", "let state.url name the primary")
_FULL = Trouble("it has no memory left", "raise its maxmemory")
_CANNOT_SAVE = Trouble("it refuses writes because it cannot save its data to disk", "see its log")
_FOREIGN = Trouble(
    f"a key under {PREFIX} holds what this exporter did not write",
    "use another database number in state.url, or remove that key",
)
_CLUSTER = Trouble("it is a Redis Cluster", "use a single Redis, with replicas of its own where it must not fail")
_DATABASE = Trouble("it does not have this database", "correct the number at the end of state.url")
_OTHER = Trouble("it answers with an error", "see its log")

# by the exception's kind, first match; codes inside messages come from scripts, where older servers wrap them
_KINDS: tuple[tuple[type[Exception], Trouble], ...] = (
    (redis.exceptions.AuthenticationError, _PASSWORD),
    (redis.exceptions.NoPermissionError, _PERMISSION),
    (redis.exceptions.ReadOnlyError, _READ_ONLY),
    (redis.exceptions.OutOfMemoryError, _FULL),
    (redis.exceptions.BusyLoadingError, _LOADING),
    (redis.exceptions.InvalidResponse, _PROTOCOL),
)
_CODES = (
    ("WRONGTYPE", _FOREIGN),
    ("READONLY", _READ_ONLY),
    ("OOM ", _FULL),
    ("MISCONF", _CANNOT_SAVE),
    ("NOPERM", _PERMISSION),
    ("MOVED ", _CLUSTER),
    ("CLUSTERDOWN", _CLUSTER),
    ("DB index is out of range", _DATABASE),
    ("invalid DB index", _DATABASE),
    ("SSL", _TLS),
    ("certificate", _TLS),
)
_NET: tuple[tuple[type[Exception], Trouble], ...] = (
    (redis.exceptions.TimeoutError, _SILENT),
    (redis.exceptions.ClusterDownError, _CLUSTER),
    (redis.exceptions.MovedError, _CLUSTER),
    (redis.exceptions.ConnectionError, _UNREACHABLE),
    (OSError, _UNREACHABLE),
)


def trouble(error: Exception) -> Trouble:
    """What an exception of the client means."""
    for kind, found in _KINDS:
        if isinstance(error, kind):
            return found
    text = str(error)
    for code, found in _CODES:
        if code in text:
            return found
    for kind, found in _NET:
        if isinstance(error, kind):
            return found
    return _OTHER
