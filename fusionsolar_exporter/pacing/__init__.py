"""When may we ask: the clock, the ledger of calls, holds after failures, and the cadence."""
