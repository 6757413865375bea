"""How many files the process may have open: as many as its accounts need, where the system lets it."""

import resource

from fusionsolar_exporter.event_log import Log

_OF_AN_ACCOUNT = 3  # its connection, its lock, and the file in which another process asks for that lock
_OF_THE_REST = 256  # scrapes and pages, the state, listeners


def provide_open_files(accounts: int, log: Log) -> None:
    """Raise the soft limit where so many accounts need more; say so where the hard one does not allow it."""
    needed = accounts * _OF_AN_ACCOUNT + _OF_THE_REST
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or needed <= soft:
        return
    allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < needed:
        log.warning(
            "too few open files are allowed: some accounts will fail to connect; raise the hard limit "
            "(LimitNOFILE in systemd, --ulimit nofile for containers)",
            accounts=accounts,
            needed=needed,
            allowed=allowed,
        )
