"""How well paces are learnt: limits of many shapes, and an account that asks, both in simulated time."""
