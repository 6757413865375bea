"""The command line: parse, build, run, exit code."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from fusionsolar_exporter import __version__, check_config, demo, healthcheck, logs, signals
from fusionsolar_exporter.authorize import command as authorize
from fusionsolar_exporter.backfill import command as backfill
from fusionsolar_exporter.config import Config, ConfigError, config_from_environment, load_config
from fusionsolar_exporter.config.errors import in_file
from fusionsolar_exporter.doctor import command as doctor
from fusionsolar_exporter.flag_parser import FlagParser
from fusionsolar_exporter.logs import EventLogger, LogFormat, LogLevel
from fusionsolar_exporter.serving import WebOptions, serve
from fusionsolar_exporter.simulator import command as simulator


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    given = list(sys.argv[1:] if argv is None else argv)
    if not given or (given[0].startswith("-") and given[0] not in {"-h", "--help", "--version"}):
        given.insert(0, "serve")
    args = _parser().parse_args(given)
    if args.command not in {"serve", "demo"}:
        signals.forget()
    if args.command == "check-config":
        return check_config.check_config(args.file, args.fleets)
    if args.command == "simulator":
        return simulator.run(args)
    if args.command == "healthcheck":
        return healthcheck.run(args)
    logs.configure(args.log_level, args.log_format, sys.stderr)
    log = EventLogger()
    if args.command == "demo":
        return demo.run(args, _web(args), log)
    return _configured(args, log)


def _configured(args: argparse.Namespace, log: EventLogger) -> int:
    """The commands that need a configuration."""

    def load() -> Config:
        if args.config_file is None:
            return config_from_environment(os.environ)
        return load_config(args.config_file, os.environ)

    try:
        config = load()
    except ConfigError as error:
        for problem in in_file(args.config_file, error.problems) if args.config_file else error.problems:
            log.error("configuration", error=problem)
        return 1
    if args.command == "backfill":
        return backfill.run(args, config, log)
    if args.command == "doctor":
        return doctor.run(args, config, log)
    if args.command == "authorize":
        return authorize.run(args, config, log)
    return serve(config, load, _web(args), log=log)


def _web(args: argparse.Namespace) -> WebOptions:
    return WebOptions(args.listen_addresses or [healthcheck.DEFAULT_ADDRESS], args.telemetry_path, args.web_config_file)


def _parser() -> argparse.ArgumentParser:
    parser = FlagParser(
        prog="fusionsolar-exporter",
        description="Prometheus exporter for Huawei FusionSolar / SmartPVMS. Without a command: serve.",
    )
    parser.add_argument("--version", action="version", version=f"fusionsolar-exporter {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=FlagParser)

    def add(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text)

    server = add("serve", "refresh in the background, serve /metrics")
    demonstration = add("demo", "serve the data of a simulated management system; needs no account")
    demo.add_arguments(demonstration)
    examiner = add(
        "doctor", "ask each interface once, say what is permitted and what to do; the exit status is 0 where all is"
    )
    doctor.add_arguments(examiner)
    historian = add("backfill", "history as OpenMetrics text, for promtool tsdb create-blocks-from openmetrics")
    backfill.add_arguments(historian)
    consenter = add(
        "authorize", "an owner's consent for an account with oauth: prints where to agree, keeps the tokens"
    )
    authorize.add_arguments(consenter)
    for each in (server, examiner, consenter, historian):
        _add_config(each)
    for each in (server, demonstration):
        _add_web(each)
    _add_log(server, LogLevel.INFO)
    # on a terminal people read what demo itself says; a test or a service looks for lines
    _add_log(demonstration, LogLevel.WARN if sys.stderr.isatty() else LogLevel.INFO)
    for each in (examiner, consenter, historian):
        _add_log(each, LogLevel.WARN)
    simulator.add_arguments(add("simulator", "a simulated management system, for other clients and for tests"))
    checker = add("check-config", "validate a configuration and print the cadence that follows from it")
    check_config.add_arguments(checker)
    asker = add("healthcheck", healthcheck.DESCRIPTION)
    healthcheck.add_arguments(asker)
    return parser


def _add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config.file",
        dest="config_file",
        type=Path,
        metavar="FILE",
        help="configuration (default: one account from FUSIONSOLAR_URL, FUSIONSOLAR_USERNAME and "
        "FUSIONSOLAR_PASSWORD or FUSIONSOLAR_PASSWORD_FILE)",
    )


def _add_web(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--web.listen-address",
        dest="listen_addresses",
        action="append",
        metavar="HOST:PORT",
        help=f"where to serve, repeatable; port 0 takes a free one (default: {healthcheck.DEFAULT_ADDRESS})",
    )
    parser.add_argument(
        "--web.config.file",
        dest="web_config_file",
        type=Path,
        metavar="FILE",
        help="TLS, client certificates and passwords, in the format that Prometheus exporters share (default: none)",
    )
    parser.add_argument(
        "--web.telemetry-path",
        dest="telemetry_path",
        type=_path,
        default="/metrics",
        metavar="PATH",
        help="path of the metrics (default: %(default)s)",
    )


def _add_log(parser: argparse.ArgumentParser, level: LogLevel) -> None:
    parser.add_argument(
        "--log.level",
        dest="log_level",
        choices=[level.value for level in LogLevel],
        default=level.value,
        help="least severe level that is logged (default: %(default)s)",
    )
    parser.add_argument(
        "--log.format",
        dest="log_format",
        choices=[each.value for each in LogFormat],
        default=LogFormat.LOGFMT.value,
        help="format of log lines (default: %(default)s)",
    )


def _path(text: str) -> str:
    taken = {"/", "/api/v1/status", "/-/healthy", "/-/ready", "/-/reload"}
    if not text.startswith("/") or text in taken or any(char in text for char in "?#% \t"):
        raise argparse.ArgumentTypeError(f"{text!r} is no free path: write one that starts with /, such as /metrics")
    return text
