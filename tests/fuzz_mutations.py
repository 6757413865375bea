"""Inputs that nobody thought of: the corpus, changed at random by a seed that is printed."""

import random
import re
from collections.abc import Sequence

_TOKEN = re.compile(rb'"[^"\n]{0,200}"|-?\d[\d.eE+-]*|[A-Za-z_]+|[\[\]{}:,\r\n-]')
ODD = (
    *(
        b"null",
        b"true",
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"1e999",
        b"-0",
        b"-1",
        b"0",
        b'""',
        b"{}",
        b"[]",
        b"[[]]",
        b"{",
    ),
    *(b"9" * 70, b"9" * 5000, b"1" + b"0" * 30, b"0.1e-400", b'"1e5"', b'"\\ud800"', b'"\\u0000"', b'"N/A"', b'"\\"'),
    *(b"\xff", b"\x00", b"\xef\xbb\xbf", b"\xff\xfe", b"\r\n", b"\n\n", b"\t", b"  - ", b": ", b"&a ", b"*a", b"<<: "),
    *(
        b"!!python/object:os.system x",
        b"!!binary x",
        b"${PASSWORD}",
        b"${",
        b"|",
        b">",
        b"%",
        b"?",
        b"2026-02-30",
        b"0x1f",
    ),
    *(
        b"chunked",
        b"gzip",
        b"deflate",
        b"Content-Length: 5",
        b"Transfer-Encoding: chunked",
        b"100",
        b"HTTP/1.0",
        b";",
        b"%00",
    ),
    *(
        b"[" * 40,
        b'{"a":' * 40,
        b'"' + b"x" * 2000 + b'"',
        "ä☂😀".encode(),
        b"1_000",
        b"y",
        b"~",
        b"1d",
        b"(?P<x>",
        b"#",
    ),
)


class Mutations:
    """Never ends; equal seeds give equal inputs."""

    def __init__(self, corpus: Sequence[bytes], seed: int) -> None:
        self._corpus = corpus
        self._chance = random.Random(seed)

    def next(self) -> bytes:
        data = self._chance.choice(self._corpus)
        for _ in range(self._chance.choice((1, 1, 1, 2, 3, 5, 10))):
            data = self._change(data)
        return data[:200_000]

    def _change(self, data: bytes) -> bytes:
        chance = self._chance
        kind = chance.randrange(8)
        if kind < 4:  # most of all what stands in the place of a value
            tokens = list(_TOKEN.finditer(data))
            if tokens:
                token = chance.choice(tokens)
                other = chance.choice(ODD) if kind < 3 else chance.choice(tokens)[0]
                return data[: token.start()] + other + data[token.end() :]
        start, end = sorted(chance.randrange(len(data) + 1) for _ in range(2))
        end = min(end, start + 200)
        if kind == 4:
            return data[:start] + data[end:]
        if kind == 5:
            return data[:end] + data[start:end] * chance.choice((1, 2, 50)) + data[end:]
        if kind == 6:
            other = chance.choice(self._corpus)
            cut = chance.randrange(len(other) + 1)
            return data[:start] + other[cut : cut + 300] + data[end:]
        return data[:start] + bytes([chance.randrange(256)]) + data[start + 1 :]
