"""A mistake of ours in an account's thread: it is shown, counted and logged, and the thread goes on."""

import pytest
from support.http_world import HttpWorld

from fusionsolar_exporter.simulator.plan import FleetPlan

MINUTE = 60.0


class MistakeError(Exception):
    """Ours."""


def test_a_caught_mistake_is_shown_as_down_and_tried_again_a_minute_later(monkeypatch: pytest.MonkeyPatch) -> None:
    with HttpWorld(FleetPlan(plants=1, devices={1: 1})) as world:
        world.run(20)
        assert (world.scrape().up, world.exporter.ailments()) == (1, [])
        asked = len(world.system.handled)

        def fail() -> None:
            raise MistakeError("of ours")

        with monkeypatch.context() as patch:
            patch.setattr(world.account._engine, "step", fail)
            published: list[float | None] = []
            patch.setattr(world.account, "_published", lambda: published.append(world.account.status().up))
            again = world.account._guarded_step()
            assert again == world.clock.now() + MINUTE
            assert published == [False]
            world.sleep(1)  # what is said of the exporter as a whole is looked at each second
            scrape = world.scrape()
            assert scrape.up == 0
            assert scrape.value("fusionsolar_exporter_internal_errors_total", where="refresh") == 1
            assert len(scrape.all("fusionsolar_plant_info")) == 1  # what is known goes on being served
            assert "internal error: please report it" in world._log.getvalue()
            assert '"account": "default"' in world._log.getvalue()
            assert "MistakeError" in world._log.getvalue()
        assert len(world.system.handled) == asked
        world.mistakes_of_ours = 1

        world.run(6 * MINUTE)
        assert (world.scrape().up, world.scrape().state) == (1, "ok")
