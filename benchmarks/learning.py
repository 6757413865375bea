"""How well the far side's true limits are learnt: ``python -m benchmarks.learning [--seeds N]``.

The real ledger, holds, cadence and learner against limits of many shapes, in simulated time: refused and used calls
from the fourth to the 28th hour (daily quotas: from the third to the eighth day), by the size of the fleet.
"""

import argparse
from collections.abc import Iterable
from pathlib import Path

from benchmarks.pace.account import ALARMS, DEVICE_LIST, DEVICES, PLANT_LIST, PLANTS, Figures, run, together
from benchmarks.pace.bound import lines
from benchmarks.pace.cases import DAILY, FLEETS, NOON, SHARED, STEADY, Make, facts, loosens, random_case, tightens
from benchmarks.pace.picture import draw
from fusionsolar_exporter.northbound.interfaces import Interface

REFUSED, USED = 0.03, 0.75
HOURS = (4.0, 28.0)
DAYS = (72.0, 192.0)


def measured(interface: Interface, plants: int, make: Make, hours: tuple[float, float]) -> Figures:
    shapes = {interface: make(*facts(interface, plants))}
    return run(plants, shapes, hours[1], alone=True)[interface].figures(hours)


def good(figures: Figures) -> bool:
    return figures.refused_share <= REFUSED and figures.used >= USED


def row(about: str, told: str, each: Iterable[Figures]) -> tuple[int, int]:
    found = list(each)
    cells = [
        f"{'' if good(one) else '**'}{one.refused} of {one.answered + one.refused}, {one.used:.0%}"
        f"{'' if good(one) else '**'}"
        for one in found
    ]
    print(f"| {about} | {told} | {' | '.join(cells)} |", flush=True)
    return sum(map(good, found)), len(found)


def table() -> None:
    print(f"| interface | the far side | {' | '.join(f'{plants} plants' for plants in FLEETS)} |")
    print(f"| --- | --- |{' --- |' * len(FLEETS)}")
    rows = [
        row(interface, told, (measured(interface, plants, make, hours) for plants in FLEETS))
        for interfaces, shapes, hours in (
            ((PLANTS, DEVICES, ALARMS), STEADY, HOURS),
            ((PLANT_LIST, DEVICE_LIST), DAILY, DAYS),
        )
        for told, make in shapes.items()
        for interface in interfaces
    ]
    print(f"\n{sum(fine for fine, _ in rows)} of {sum(all_ for _, all_ in rows)} meet both figures")


def shared() -> None:
    print("\n| one limit over | the far side | " + " | ".join(f"{plants} plants" for plants in FLEETS) + " |")
    print(f"| --- | --- |{' --- |' * len(FLEETS)}")
    rows = []
    for told, (members, make) in SHARED.items():
        names = " + ".join(members)
        rows.append(row(names, told, (together(plants, members, make, HOURS)[0] for plants in FLEETS)))
    print(f"\n{sum(fine for fine, _ in rows)} of {sum(all_ for _, all_ in rows)} meet both figures")


def changes() -> None:
    noon = NOON / 3600
    print("\n| interface | plants | refused by a limit that tightens at noon | used two days after it loosens |")
    print("| --- | --- | --- | --- |")
    for interface in (PLANTS, DEVICES, ALARMS):
        for plants in FLEETS:
            tightened = measured(interface, plants, tightens, (noon, 2 * noon))
            loosened = measured(interface, plants, loosens, (10 * noon, 12 * noon))
            print(f"| {interface} | {plants} | {tightened.refused} | {loosened.used:.0%} |", flush=True)


def at_random(seeds: int) -> None:
    print(f"\n{seeds} random shapes, seeds 0 to {seeds - 1}; those that miss a figure:")
    fine = 0
    worst = (1.0, "none")
    for seed in range(seeds):
        case = random_case(seed)
        found = run(case.plants, {case.interface: case.shape}, HOURS[1], alone=True)[case.interface].figures(HOURS)
        told = (
            f"seed {seed}: {case.interface}, {case.plants} plants, {case.told}: "
            f"{found.refused} of {found.answered + found.refused} refused, {found.used:.0%} used"
        )
        fine += good(found)
        worst = min(worst, (min(found.used / USED, REFUSED / max(found.refused_share, 1e-9)), told))
        if not good(found):
            print(told, flush=True)
    print(f"{fine} of {seeds} meet both figures; the worst: {worst[1]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--picture", type=Path, help="write a picture of a learning day to this file, and nothing else")
    parser.add_argument("--bound", action="store_true", help="print what no policy can better, and nothing else")
    arguments = parser.parse_args()
    if arguments.bound:
        print(*lines(), sep="\n")
        return
    if arguments.picture is not None:
        draw(arguments.picture)
        return
    table()
    shared()
    changes()
    at_random(arguments.seeds)


if __name__ == "__main__":
    main()
