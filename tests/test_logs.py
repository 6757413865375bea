"""Log lines as a collector of logs reads them."""

import io
import json
import logging
import re
import threading
import warnings
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusionsolar_exporter import logs
from fusionsolar_exporter.logs import EventLogger, configure, redact

LOGFMT_PAIR = re.compile(r'([\w./-]+)=("(?:[^"\\]|\\.)*"|[^\s"=\\]*)(?: |$)')
AWKWARD = 'two words "quoted" \\ a=b\nnext\r\t\x00\x1b[31m\x85\u2028\ud800 é🌞'


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root, own = logging.getLogger(), logging.getLogger(logs.LOGGER_NAME)
    handlers, levels = list(root.handlers), (root.level, own.level)
    yield
    logging.captureWarnings(capture=False)
    for handler in set(root.handlers) - set(handlers):
        root.removeHandler(handler)
    root.setLevel(levels[0])
    own.setLevel(levels[1])
    for owner in ("a", "b", "c"):
        redact(owner, ())


def parse_logfmt(line: str) -> dict[str, str]:
    pairs = {}
    position = 0
    while position < len(line):
        match = LOGFMT_PAIR.match(line, position)
        assert match, f"no key=value at {position} in {line!r}"
        pairs[match[1]] = json.loads(match[2]) if match[2].startswith('"') else match[2]
        position = match.end()
    return pairs


Lines = Callable[[], list[str]]


def start(level: str = "info", log_format: str = "logfmt") -> Lines:
    stream = io.StringIO()
    configure(level, log_format, stream)
    return lambda: stream.getvalue().splitlines()


def test_listening_comes_out_exactly_so() -> None:
    lines = start()
    EventLogger().info("listening", address="127.0.0.1:10035")
    (line,) = lines()
    assert re.fullmatch(
        r'ts=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z level=info msg="listening" address=127\.0\.0\.1:10035', line
    )


def test_time_is_the_records_own_in_utc() -> None:
    lines = start(log_format="json")
    record = logging.makeLogRecord({"msg": "x", "levelno": logging.WARNING, "created": 1_700_000_000.9996})
    logging.getLogger().handle(record)
    assert json.loads(lines()[0]) == {"ts": "2023-11-14T22:13:20.999Z", "level": "warn", "msg": "x"}


def test_json_has_the_same_keys_in_the_same_order() -> None:
    fields = {"account": "default", "interface": "login", "seconds": 1.5, "count": 3, "ok": True, "none": None}
    lines = start()
    EventLogger().warning("refused", **fields)
    as_logfmt = parse_logfmt(lines()[0])
    lines = start(log_format="json")
    EventLogger().warning("refused", **fields)
    as_json = json.loads(lines()[0])
    assert list(as_json) == list(as_logfmt) == ["ts", "level", "msg", *fields]
    assert {key: as_json[key] for key in fields} == fields
    assert [as_logfmt[key] for key in fields] == ["default", "login", "1.5", "3", "true", "null"]


def test_numbers_that_json_lacks_are_texts() -> None:
    lines = start(log_format="json")
    EventLogger().info("x", a=float("nan"), b=float("inf"), c=-float("inf"), d=["list"])
    assert [json.loads(lines()[0])[key] for key in "abcd"] == ["nan", "inf", "-inf", "['list']"]


@pytest.mark.parametrize("log_format", ["logfmt", "json"])
def test_awkward_values_stay_on_one_line(log_format: str) -> None:
    lines = start(log_format=log_format)
    EventLogger().info(AWKWARD, value=AWKWARD, empty="", plain="NE=1")
    (line,) = lines()
    event = parse_logfmt(line) if log_format == "logfmt" else json.loads(line)
    assert (event["msg"], event["value"], event["empty"], event["plain"]) == (AWKWARD, AWKWARD, "", "NE=1")
    assert line.isprintable()


@given(st.text(), st.text())
def test_any_text_reads_back(msg: str, value: str) -> None:
    lines = start()
    EventLogger().info(msg, value=value)
    (line,) = lines()
    event = parse_logfmt(line)
    assert (event["msg"], event["value"]) == (msg, value)
    assert line.isprintable()


def test_odd_keys_keep_the_line_readable() -> None:
    lines = start()
    EventLogger().info("x", **{'a b="': 1})
    assert parse_logfmt(lines()[0])["a_b__"] == "1"


@pytest.mark.parametrize(
    ("level", "written"),
    [
        ("debug", ["debug", "info", "warn", "error"]),
        ("info", ["info", "warn", "error"]),
        ("warn", ["warn", "error"]),
        ("error", ["error"]),
    ],
)
def test_levels(level: str, written: list[str]) -> None:
    lines = start(level)
    log = EventLogger()
    log.debug("x")
    log.info("x")
    log.warning("x")
    log.error("x")
    assert [parse_logfmt(line)["level"] for line in lines()] == written


@pytest.mark.parametrize(("level", "log_format"), [("loud", "logfmt"), ("info", "xml")])
def test_unknown_level_or_format(level: str, log_format: str) -> None:
    with pytest.raises(ValueError, match="is not a valid"):
        configure(level, log_format, io.StringIO())


def test_configuring_again_replaces() -> None:
    first = start()
    second = start("error")
    EventLogger().error("x")
    EventLogger().info("y")
    assert (first(), len(second())) == ([], 1)


@pytest.mark.parametrize("level", ["debug", "info"])
def test_libraries_are_heard_from_warning_on(level: str) -> None:
    lines = start(level)
    library = logging.getLogger("urllib3.connectionpool")
    library.debug("connecting")
    library.info("connected")
    library.warning("Retrying (%r)", 3)
    assert [parse_logfmt(line)["msg"] for line in lines()] == ["Retrying (3)"]


def test_python_warnings_come_out_as_lines() -> None:
    lines = start()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        logging.captureWarnings(capture=True)
        warnings.warn("unverified HTTPS request", stacklevel=1)
        logging.captureWarnings(capture=False)
    (line,) = lines()
    assert "unverified HTTPS request" in parse_logfmt(line)["msg"]


def failure() -> BaseException:
    with pytest.raises(RuntimeError) as caught:
        raise RuntimeError("it\nbroke")
    return caught.value


@pytest.mark.parametrize(("level", "traced"), [("error", False), ("info", False), ("debug", True)])
def test_exceptions_are_a_text_and_traced_only_at_debug(level: str, traced: bool) -> None:
    lines = start(level)
    error = failure()
    EventLogger().error("failed", error=error)
    logging.getLogger("urllib3").error("failed", exc_info=error)
    for line in lines():
        event = parse_logfmt(line)
        assert event["error"] == "it broke"
        assert ("traceback" in event) is traced
        assert event.get("traceback", "\n").endswith("it\nbroke\n" if traced else "\n")
    assert len(lines()) == 2


def test_an_exception_without_words_is_named() -> None:
    lines = start()
    EventLogger().error("failed", error=TimeoutError())
    logging.getLogger("x").error("no exception", exc_info=(None, None, None))
    assert parse_logfmt(lines()[0])["error"] == "TimeoutError"
    assert "error" not in parse_logfmt(lines()[1])


class BrokenStream(io.StringIO):
    """A pipe whose reader has gone."""

    def write(self, _text: str) -> int:
        raise BrokenPipeError


def test_a_line_that_cannot_be_written_is_lost_quietly(capsys: pytest.CaptureFixture[str]) -> None:
    configure("info", "logfmt", BrokenStream())
    EventLogger().info("token long-password")
    assert capsys.readouterr() == ("", "")


SECRET = 'p@ss "word"  é\\/'


@pytest.mark.parametrize("log_format", ["logfmt", "json"])
def test_secrets_never_appear(log_format: str) -> None:
    redact("a", [SECRET, "31415926"])
    redact("b", ["SECRET-longer", "SECRET"])
    lines = start("debug", log_format)
    log = EventLogger()
    log.info(f"as it is {SECRET}", value=SECRET)  # noqa: G004  a secret in the message is the point
    log.info(
        "encoded", url="http://u:p%40ss%20%22word%22%20%20%C3%A9%5C%2F@proxy", form="p%40ss+%22word%22++%C3%A9%5C%2F"
    )
    log.info("written", python=repr({"password": SECRET}), as_json=json.dumps({"password": SECRET}))
    log.info("numbers", whole=31415926, text="x31415926x", other=2)
    log.info("nested", both="SECRET-longer and SECRET")
    log.error("raised", error=ValueError(f"bad {SECRET}"))
    logging.getLogger("urllib3").warning("Proxy %s", SECRET)
    read = json.loads if log_format == "json" else parse_logfmt
    events = [read(line) for line in lines()]
    values = [str(value) for event in events for value in event.values()]
    assert not [value for value in values if "word" in value and "password" not in value]
    assert not [value for value in values if "ss" in value.replace("<secret>", "").replace("password", "")]
    assert (events[0]["msg"], events[0]["value"]) == ("as it is <secret>", "<secret>")
    assert events[1]["url"] == "http://u:<secret>@proxy"
    assert (events[3]["whole"], events[3]["text"], str(events[3]["other"])) == ("<secret>", "x<secret>x", "2")
    assert events[4]["both"] == "<secret> and <secret>"
    assert events[5]["error"] == "bad <secret>"
    assert events[5]["traceback"].endswith("bad <secret>\n")
    assert events[6]["msg"] == "Proxy <secret>"


def test_secrets_of_an_owner_are_replaced() -> None:
    lines = start()
    log = EventLogger()
    redact("a", ["first-token"])
    redact("c", ["password"])
    redact("a", ["second-token"])
    log.info("x", value="first-token second-token password")
    redact("c", [])
    redact("a", [])
    log.info("x", value="second-token password")
    assert [parse_logfmt(line)["value"] for line in lines()] == [
        "first-token <secret> <secret>",
        "second-token password",
    ]


def test_short_secrets_do_not_tear_words_apart() -> None:
    lines = start()
    redact("a", ["", "a", "abc"])
    EventLogger().info("abc", value="a banana")
    assert (parse_logfmt(lines()[0])["msg"], parse_logfmt(lines()[0])["value"]) == ("abc", "a banana")


def test_registering_from_many_threads_keeps_every_secret() -> None:
    lines = start()
    owners = [f"owner-{number}" for number in range(8)]
    barrier = threading.Barrier(len(owners))

    def register(owner: str) -> None:
        barrier.wait(timeout=60)
        for number in range(12):
            redact(owner, [f"{owner}-secret-{number}"])

    threads = [threading.Thread(target=register, args=(owner,)) for owner in owners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    EventLogger().info("x", value=" ".join(f"{owner}-secret-11" for owner in owners))
    for owner in owners:
        redact(owner, ())
    assert parse_logfmt(lines()[0])["value"] == " ".join(["<secret>"] * len(owners))
