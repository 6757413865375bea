"""The subcommand ``authorize``: what is printed, what is read, the exit status."""

import argparse
import sys
from typing import TextIO

from fusionsolar_exporter.authorize.authorization import Authorization, AuthorizationError
from fusionsolar_exporter.config import Config
from fusionsolar_exporter.logs import EventLogger
from fusionsolar_exporter.pacing.clock import Clock, SystemClock
from fusionsolar_exporter.wiring import chosen_accounts, redact_secrets

_STDIN = "-"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of the subcommand, beside those of configuration and log."""
    parser.add_argument("account", metavar="ACCOUNT", help="name of an account with oauth")
    parser.add_argument(
        "--response",
        metavar="URL",
        help="the address at which the browser ended, whole (- reads it from standard input); what an earlier call "
        "printed is good for an hour",
    )


def run(
    args: argparse.Namespace,
    config: Config,
    log: EventLogger,
    *,
    clock: Clock | None = None,
    answers: TextIO | None = None,
    output: TextIO | None = None,
) -> int:
    """Print where the owner agrees, read where the browser ended, keep the tokens; 0 where they are kept."""
    answers, output = answers or sys.stdin, output or sys.stdout
    try:
        (account,) = chosen_accounts(config, [args.account])
    except LookupError as error:
        log.error("authorize", error=error.args[0])
        return 1
    redact_secrets(config)
    authorization = Authorization(config, account, clock or SystemClock(), log)
    try:
        if args.response is None:
            _ask(authorization.address(), output)
        response = args.response if args.response not in {None, _STDIN} else answers.readline()
        if not response.strip():
            log.error(
                "authorize",
                account=account.name,
                error="no address was given; within an hour it can be given with --response",
            )
            return 1
        authorization.complete(response)
    except AuthorizationError as error:
        log.error("authorize", account=account.name, error=str(error))
        return 1
    print(f"\nThe consent for {account.name} is kept. A running exporter takes it up within a minute.", file=output)
    return 0


def _ask(address: str, output: TextIO) -> None:
    print(
        "Let the owner of the plants open this address, sign in to FusionSolar, and agree:\n\n"
        f"  {address}\n\n"
        "The browser then goes to the redirect address of the client; it does not matter whether that page can be\n"
        "loaded. Copy the whole text of the address bar, paste it here, and press Enter:",
        file=output,
        flush=True,
    )
