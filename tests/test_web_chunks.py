"""How the parts of a body are handed over."""

import math

from hypothesis import given
from hypothesis import strategies as st

from fusionsolar_exporter.rendering.piece import LARGE_BYTES
from fusionsolar_exporter.web.messages import FIRST_CHUNK_BYTES, LARGEST_CHUNK_BYTES, chunks

sizes = st.integers(0, 20) | st.integers(LARGE_BYTES - 2, LARGE_BYTES + 2) | st.integers(0, 3 * LARGEST_CHUNK_BYTES)


@given(st.lists(sizes, max_size=8))
def test_nothing_is_lost_and_no_chunk_is_large(parts: list[int]) -> None:
    body = [bytes([number]) * size for number, size in enumerate(parts)]
    found = list(chunks(body))
    assert b"".join(found) == b"".join(body)
    assert all(len(chunk) <= LARGEST_CHUNK_BYTES for chunk in found)
    taken = 0
    for chunk in found:
        assert 0 < len(chunk) <= max(FIRST_CHUNK_BYTES, taken)  # nobody holds more than he has taken
        taken += len(chunk)


def test_small_parts_go_together() -> None:
    found = list(chunks([b"x" * 1000] * 5000))
    assert sum(map(len, found)) == 5_000_000
    assert len(found) == math.ceil(5_000_000 / LARGEST_CHUNK_BYTES) + 2  # the first one in three
