"""Flags that say which simulated world there is: the same for ``simulator`` and ``demo``."""

import argparse
from collections.abc import Callable

LARGEST_FLEET = 1_000_000
FASTEST = 1e6
"""A day in under a tenth of a second; more means nothing."""


def names(flag: str) -> tuple[str, str]:
    """A flag of the simulated system, short and with the name of its part, as Prometheus' programs write flags."""
    return f"--{flag}", f"--simulator.{flag}"


def add_world_flags(
    parser: argparse.ArgumentParser,
    *,
    plants: int,
    devices_per_plant: int,
    speed: float,
    least: int = 0,
    most_plants: int = LARGEST_FLEET,
    fastest: float = FASTEST,
) -> None:
    """Add the flags, with the defaults and bounds of a command."""
    add = parser.add_argument
    add(
        *names("plants"),
        dest="plants",
        default=plants,
        type=_count(least, most_plants),
        metavar="N",
        help="number of simulated plants (default: %(default)s)",
    )
    add(
        *names("devices-per-plant"),
        dest="devices_per_plant",
        default=devices_per_plant,
        type=_count(least, LARGEST_FLEET),
        metavar="N",
        help="number of devices of each plant (default: %(default)s)",
    )
    add(
        *names("seed"),
        dest="seed",
        default=1,
        type=int,
        metavar="N",
        help="another number gives another fleet (default: %(default)s)",
    )
    add(
        *names("speed"),
        dest="speed",
        default=speed,
        type=_speed(fastest),
        metavar="FACTOR",
        help="how much faster than real time the simulated world and its limits run (default: %(default)g)",
    )
    add(
        *names("oauth"),
        dest="oauth",
        action="store_true",
        help="with OAuth Connect: the plants' owner agrees in the browser",
    )


def _count(least: int, most: int) -> Callable[[str], int]:
    def count(text: str) -> int:
        if not text.isdigit() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} does not fit: write a number from {least} to {most}")
        return int(text)

    return count


def _speed(fastest: float) -> Callable[[str], float]:
    def factor(text: str) -> float:
        try:
            speed = float(text)
        except ValueError:
            speed = 0.0
        if not 0 < speed <= fastest:
            raise argparse.ArgumentTypeError(f"{text!r} is no speed: write a factor above 0, at most {fastest:.0f}")
        return speed

    return factor
