"""The states of Table 9-1 that simulated inverters pass through or can be put into."""

from enum import IntEnum


class InverterState(IntEnum):
    """Values of ``inverter_state``."""

    INITIALIZING = 0
    INSULATION_DETECTING = 1
    IRRADIATION_DETECTING = 2
    GRID_DETECTING = 3
    START = 256
    GRID_CONNECTED = 512
    SELF_DERATING = 514
    SHUTDOWN_FAULT = 768
    SHUTDOWN_COMMAND = 769
    SHUTDOWN_COMMUNICATION = 771
    SHUTDOWN_DC_SWITCH = 774
    NO_IRRADIATION = 40960
    COMMUNICATION_INTERRUPTED = 45056


DISCONNECTED = frozenset({InverterState.COMMUNICATION_INTERRUPTED})
"""States in which the management system does not hear the inverter: ``run_state`` is 0."""
