"""Three real processes over a real Redis, killed, paused, cut off; the far side is strict, and its time runs fast."""

import signal
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml
from support.redis_server import RedisServer
from support.replica_processes import PASSWORD, SPEED, USER, Process, account, until

from fusionsolar_exporter.simulator.fleet import SimulatedFleet
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.simulator.scaled_time import ScaledTime
from fusionsolar_exporter.simulator.server import SimulatorServer
from fusionsolar_exporter.simulator.system import SimulatedSystem

REDIS_PASSWORD = "p4ssw0rd-of-redis"
ACCOUNTS = ("north", "south")
UP, STATE_UP = "fusionsolar_up", "fusionsolar_state_up"
POWER = "fusionsolar_device_active_power_watts"


class Cluster:
    """The processes, the far side of each account, and Redis."""

    def __init__(self, server: RedisServer, directory: Path, stack: ExitStack) -> None:
        now = ScaledTime(SPEED, time.time() // 86400 * 86400 + 9 * 3600)
        plan = FleetPlan(plants=2, devices={1: 2}, start=now())
        self.systems = {
            name: SimulatedSystem(SimulatedFleet(plan), now=now, users={USER: PASSWORD}) for name in ACCOUNTS
        }
        accounts = [
            account(name, stack.enter_context(SimulatorServer(system)).url) for name, system in self.systems.items()
        ]
        url = f"redis://:{REDIS_PASSWORD}@127.0.0.1:{server.port}/0"
        config = directory / "config.yml"
        config.write_text(yaml.safe_dump({"accounts": accounts, "state": {"url": url, "lease": "1s"}}))
        self.server = server
        self.all = [Process(config, directory / f"exporter-{number}.log") for number in range(3)]
        for process in self.all:
            stack.callback(process.end)
        self.alive = list(self.all)

    def leader(self, name: str) -> Process:
        (leader,) = (process for process in self.alive if name in process.led())
        return leader

    def all_led_once(self) -> bool:
        led = [name for process in self.alive for name in process.led()]
        return sorted(led) == sorted(ACCOUNTS)

    def all_serve(self) -> bool:
        return all(len(process.scrape().all(POWER)) == 8 for process in self.alive)

    def state_up(self) -> set[float | None]:
        return {process.scrape().value(STATE_UP) for process in self.alive}

    def asked(self) -> dict[str, int]:
        return {name: sum(system.log.counts.values()) for name, system in self.systems.items()}

    def begin(self) -> None:
        until(lambda: all(process.address for process in self.alive), "they listen")
        until(lambda: self.all_led_once() and self.all_serve(), "each account has one leader, all serve all")
        up = {"north": 1, "south": 1}
        until(lambda: all(process.scrape().by("account", UP) == up for process in self.alive), "all are up")
        until(lambda: all(process.ready() for process in self.alive), "all are ready")

    def kill(self) -> None:
        killed = self.leader("north")
        killed.signal(signal.SIGKILL)
        self.alive.remove(killed)
        until(self.all_led_once, "another takes over")

    def pause(self) -> None:
        """For longer than the lease."""
        paused = self.leader("north")
        (other,) = (process for process in self.alive if process is not paused)
        paused.signal(signal.SIGSTOP)
        until(lambda: other.led() == set(ACCOUNTS), "the other takes over from a process that hangs")
        paused.signal(signal.SIGCONT)
        until(lambda: paused.led() == set(), "whoever wakes up follows")
        assert other.led() == set(ACCOUNTS)

    def lose_redis(self) -> None:
        """For longer than the lease, with all that it held."""
        self.server.stop()
        until(lambda: not any(process.led() for process in self.alive), "nobody leads without Redis")
        asked = self.asked()
        until(lambda: self.state_up() == {0.0}, "every process says that Redis is gone")
        for process in self.alive:
            scrape = process.scrape()
            assert len(scrape.all(POWER)) == 8
            assert (scrape.value("fusionsolar_state_errors_total") or 0) > 0
        assert self.asked() == asked
        self.server.start()
        until(self.all_led_once, "Redis is back")
        until(lambda: all(count > asked[name] for name, count in self.asked().items()), "both are asked again")
        until(lambda: self.state_up() == {1.0}, "every process says that Redis is back")

    def terminate(self) -> None:
        leaving, staying = sorted(self.alive, key=lambda process: -len(process.led()))
        leaving.signal(signal.SIGTERM)
        assert leaving.popen.wait(5.0) == 0
        until(lambda: staying.led() == set(ACCOUNTS), "it hands over")
        self.server.pause()  # nobody can be told
        staying.signal(signal.SIGTERM)
        assert staying.popen.wait(5.0) == 0


@pytest.mark.no_cover
def test_three_processes_that_are_killed_paused_and_cut_off(tmp_path: Path) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(RedisServer(tmp_path, "--requirepass", REDIS_PASSWORD))
        cluster = Cluster(server, tmp_path, stack)
        cluster.begin()
        cluster.kill()
        cluster.pause()
        cluster.lose_redis()
        cluster.terminate()

        for system in cluster.systems.values():
            assert dict(system.log.refusals) == {}
            assert system.log.max_in_flight == 1
        logs = [process.log.read_text() for process in cluster.all]
        assert not any(word in log for log in logs for word in (REDIS_PASSWORD, PASSWORD, "Traceback", "level=error"))
        for process in cluster.alive:
            lines = process.log.read_text().splitlines()
            assert len([line for line in lines if "state in Redis can be used again" in line]) == 1
