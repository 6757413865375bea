"""Values of plants and devices as the real-time interfaces name them (reference 9.2.1, 9.2.6), in their units."""

from collections.abc import Mapping

Values = dict[str, object]
"""By key of the interface: numbers, and under quirks also texts and nulls."""
ReadOnlyValues = Mapping[str, object]
