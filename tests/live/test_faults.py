"""Whatever the network and what stands in it do: a true answer, or a refusal that says what is known."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import InvalidError, ReconcilerError, UnreachableError
from reconciler.live.http.documents import document_at
from reconciler.live.http.messages import Limits
from reconciler.live.http.platform import host_of, open_http
from reconciler.model.changesets import ChangeSet
from reconciler.model.questions import ClientQuestion
from reconciler.wire import paths
from tests.builders import NOON
from tests.live.hostile import hostile, response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.live.http.platform import HttpPlatform
    from tests.live.hostile import Peer

QUICK = Limits(seconds=3, long_seconds=3, body_bytes=100_000, stream_bytes=100_000, line_bytes=1_000, tries=3)
TOKEN = "t0ken"  # noqa: S105 - of no server
CATALOG = response({"catalog": None})
RUN = {
    "id": 1,
    "plan_hash": "sha256:1",
    "at": "2026-11-01T12:00:00Z",
    "actor": "ana",
    "environment": "local",
    "commit": None,
    "allowed": [],
    "changes": [],
    "before": {},
    "after": {},
    "renamed": {},
    "moved": 0,
}
QUESTION = ClientQuestion("basic", (1,))
CHANGES = ChangeSet("sha256:1", "x", NOON, "ana", "local")


@contextmanager
def platform_at(script: Callable[[Peer], None], limits: Limits = QUICK) -> Iterator[HttpPlatform]:
    with hostile(script) as url, open_http(url, token=None, limits=limits) as platform:
        yield platform


def first(*steps: Callable[[Peer], None]) -> Callable[[Peer], None]:
    """Take the steps one after the other, a request each, and the last one again and again."""
    left = list(steps)

    def step(peer: Peer) -> None:
        take = left.pop(0) if len(left) > 1 else left[0]
        take(peer)

    return step


def answering(data: bytes) -> Callable[[Peer], None]:
    return lambda peer: peer.send(data)


def resetting(peer: Peer) -> None:
    peer.reset()


def half(data: bytes) -> Callable[[Peer], None]:
    return lambda peer: peer.send(data[: len(data) - 9])


@pytest.mark.parametrize(
    "fault",
    [
        resetting,
        lambda peer: peer.connection.close(),
        half(CATALOG),
        answering(b"HTTP/1.1 200 OK\r\n"),
        answering(response(b"", 503)),
        answering(response(b"", 429)),
        answering(response(b"<html>", 502, "text/html")),
        answering(b"\x00\x01garbage\r\n\r\n"),
    ],
    ids=["reset", "hang-up", "half a body", "half a head", "503", "429", "502", "garbage"],
)
def test_a_passing_fault_is_overcome(fault: Callable[[Peer], None]) -> None:
    with platform_at(first(fault, fault, answering(CATALOG))) as platform:
        assert platform.catalog() is None


@pytest.mark.parametrize(
    "fault",
    [resetting, half(CATALOG), answering(response(b"", 503)), answering(response(b"", 429))],
    ids=["reset", "half a body", "503", "429"],
)
def test_a_lasting_fault_is_said(fault: Callable[[Peer], None]) -> None:
    with platform_at(fault) as platform, pytest.raises(UnreachableError, match=r"out of reach.*3 times"):
        platform.catalog()


def test_a_storm_is_waited_out_as_long_as_it_asks() -> None:
    waits: list[float] = []

    def refuse(peer: Peer) -> None:
        waits.append(time.monotonic())
        peer.send(response(b"", 429, Retry_After="1"))

    def accept(peer: Peer) -> None:
        waits.append(time.monotonic())
        peer.send(CATALOG)

    with platform_at(first(refuse, accept)) as platform:
        platform.catalog()

    assert waits[1] - waits[0] >= 1


def test_a_huge_wait_is_not_waited_for() -> None:
    storm = answering(response(b"", 503, Retry_After="86400"))

    with platform_at(storm) as platform, pytest.raises(UnreachableError, match="asks to wait 86,400 seconds"):
        platform.catalog()


@pytest.mark.parametrize("date", ["Fri, 01 Jan 2100 00:00:00 GMT", "-1", "soon", "9" * 400])
def test_any_retry_after_is_read_or_passed_over(date: str) -> None:
    storm = answering(response(b"", 503, Retry_After=date))

    with platform_at(storm) as platform, pytest.raises(UnreachableError):
        platform.catalog()


def drip(data: bytes) -> Callable[[Peer], None]:
    def send(peer: Peer) -> None:
        for position in range(len(data)):
            peer.send(data[position : position + 1])
            time.sleep(0.2)

    return send


@pytest.mark.parametrize(
    "data", [b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1_000, CATALOG[:-20] + b" " * 1_000], ids=["head", "body"]
)
def test_a_slow_drip_ends_at_the_deadline(data: bytes) -> None:
    limits = Limits(seconds=1, tries=3)
    started = time.monotonic()

    with platform_at(drip(data), limits) as platform, pytest.raises(UnreachableError):
        platform.catalog()

    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    "answer",
    [
        response(b"<html><h1>Please log in</h1>", 200, "text/html"),
        response(b"[1", 200),
        response({"surprise": 1}),
        response(b"\xff\xfe", 200),
        response(b"", 204),
        response(b"", 418),
        response(b"{}", 400, "application/problem+json"),
    ],
    ids=["html", "cut json", "other json", "no text", "nothing", "teapot", "half a problem"],
)
def test_what_is_not_the_api_is_refused_and_not_believed(answer: bytes) -> None:
    with platform_at(answering(answer)) as platform, pytest.raises(UnreachableError):
        platform.catalog()


def test_a_redirect_is_not_followed() -> None:
    seen: list[str] = []

    def elsewhere(peer: Peer) -> None:
        seen.append(peer.path)
        peer.send(response(b"", 302, Location="http://169.254.169.254/latest"))

    with platform_at(elsewhere) as platform, pytest.raises(UnreachableError, match=r"169\.254\.169\.254"):
        platform.catalog()

    assert seen == ["/v1/catalog"]


@pytest.mark.parametrize(
    "answer",
    [
        response(
            {"type": "x", "title": TOKEN, "status": 401, "detail": TOKEN, "hint": TOKEN}, 401, paths.PROBLEM
        ),
        response({"type": "x", "title": "", "status": 422, "detail": 1, "hint": TOKEN}, 422, paths.PROBLEM),
        response(b"", 302, Location=f"https://x.example/?shown={TOKEN}"),
        response(TOKEN.encode(), 400, TOKEN),
        response(TOKEN.encode(), 200, TOKEN),
        f"HTTP/1.1 200 OK\r\nAuthorization Bearer {TOKEN}\r\n\r\n".encode(),
        f"Bearer {TOKEN}\r\n\r\n".encode(),
        response(f'{{"end":"{TOKEN}"}}\n'.encode(), kind=paths.LINES),
        response({TOKEN: TOKEN}),
        response(b"", Content_Encoding=TOKEN),
    ],
    ids=[
        "problem",
        "no problem",
        "redirect",
        "type",
        "success",
        "header",
        "status",
        "end",
        "answer",
        "encoding",
    ],
)
def test_a_server_that_sends_the_token_back_does_not_have_it_shown(answer: bytes) -> None:
    with (
        hostile(answering(answer)) as url,
        open_http(url, token=TOKEN, limits=QUICK) as platform,
        pytest.raises(ReconcilerError) as caught,
    ):
        list(platform.matching(QUESTION, NOON))

    assert TOKEN not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize("token", [f"{TOKEN}\n{TOKEN}", f"{TOKEN}é", f"{TOKEN}\udcff"])
def test_a_token_that_no_header_can_hold_is_not_quoted(token: str) -> None:
    with (
        hostile(answering(CATALOG)) as url,
        open_http(url, token=token, limits=QUICK) as platform,
        pytest.raises(UnreachableError, match="cannot be sent as it is") as caught,
    ):
        platform.catalog()

    assert TOKEN not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_token_follows_no_redirect_to_another_host(status: int) -> None:
    elsewhere: list[bytes] = []

    with hostile(lambda peer: elsewhere.append(peer.request), has_platform=False) as other:
        redirect = response(b"", status, Location=f"{other}/v1/catalog")
        with (
            hostile(answering(redirect)) as url,
            open_http(url, token=TOKEN, limits=QUICK) as platform,
            pytest.raises(UnreachableError, match="redirects are not followed"),
        ):
            platform.catalog()

    assert elsewhere == []


def test_a_gzip_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(b" " * 50_000_000)

    with (
        platform_at(answering(response(bomb, Content_Encoding="gzip"))) as platform,
        pytest.raises(UnreachableError, match="the answer has more than 100,000 bytes"),
    ):
        platform.catalog()


@pytest.mark.parametrize("packed", [b"no gzip", gzip.compress(b"{}")[:-4]], ids=["damaged", "cut"])
def test_a_damaged_encoding_is_refused(packed: bytes) -> None:
    answer = answering(response(packed, Content_Encoding="gzip"))

    with platform_at(answer) as platform, pytest.raises(UnreachableError):
        platform.catalog()


def test_an_encoding_that_was_not_asked_for_is_refused() -> None:
    answer = answering(response(b"x", Content_Encoding="br"))

    with (
        platform_at(answer) as platform,
        pytest.raises(UnreachableError, match="encoding that was not asked for"),
    ):
        platform.catalog()


HEAD = {
    "key": "a",
    "revision": 1,
    "version": 1,
    "digest": "d",
    "title": "A",
    "archived": False,
    "managed": True,
}


@pytest.mark.parametrize(
    "page",
    [
        {"items": [HEAD], "total": 2, "next": None},
        {"items": [], "total": 1, "next": "more"},
        {"items": [HEAD], "total": 3, "next": "more"},
    ],
    ids=["short", "empty pages without end", "pages without end"],
)
def test_an_incomplete_list_of_packages_is_an_error(page: Any) -> None:
    with platform_at(answering(response(page))) as platform, pytest.raises(UnreachableError, match="list"):
        platform.packages()


@pytest.mark.parametrize(
    "page",
    [{"items": [RUN], "next": "more"}, {"items": [], "next": "more"}, {"items": [RUN, RUN], "next": None}],
    ids=["the same page again", "an empty page that is not the last", "a run twice"],
)
def test_a_list_of_runs_without_an_end_is_an_error(page: Any) -> None:
    with platform_at(answering(response(page))) as platform, pytest.raises(UnreachableError, match="runs"):
        platform.runs()


def test_runs_come_over_as_many_pages_as_the_server_makes_of_them() -> None:
    def page(number: int, following: str | None) -> Callable[[Peer], None]:
        return answering(response({"items": [{**RUN, "id": number}], "next": following}))

    with platform_at(first(page(3, "a"), page(2, "b"), page(1, None))) as platform:
        assert [run.id for run in platform.runs()] == [3, 2, 1]


@pytest.mark.parametrize(
    "lines",
    [b'"a"\n"b"\n', b'"a"\n{"end": 2}\n', b'"a"\n{"end": "x"}\n', b"", b'{"a": 1}\n{"end": 1}\n', b'{"end":'],
    ids=["no end", "one short", "no count", "nothing", "another kind", "half an end"],
)
def test_an_incomplete_stream_is_an_error(lines: bytes) -> None:
    answer = answering(response(lines, 200, "application/x-ndjson"))

    with platform_at(answer) as platform, pytest.raises(UnreachableError):
        list(platform.matching(QUESTION, NOON))


@pytest.mark.parametrize("lines", [b'"a"\n"a"\n', b'"b"\n"a"\n'], ids=["the same again", "going back"])
def test_a_list_whose_ids_do_not_ascend_ends_at_the_first_that_does_not(lines: bytes) -> None:
    answer = answering(response(lines * 1_000, 200, "application/x-ndjson"))

    with platform_at(answer) as platform, pytest.raises(UnreachableError, match="out of order"):
        list(platform.matching(QUESTION, NOON))


def test_amounts_that_do_not_ascend_end_at_the_first_that_does_not() -> None:
    line = b'{"revision": 1, "amount": 5, "clients": 1}\n'
    answer = answering(response(line * 1_000, 200, "application/x-ndjson"))

    with platform_at(answer) as platform, pytest.raises(UnreachableError, match="amounts out of order"):
        list(platform.consumption("basic", "chat", NOON))


@pytest.mark.parametrize("keys", [("a", "a"), ("b", "a")])
def test_packages_that_do_not_ascend_are_no_list(keys: tuple[str, str]) -> None:
    page = {"items": [{**HEAD, "key": key} for key in keys], "total": 2, "next": None}

    with (
        platform_at(answering(response(page))) as platform,
        pytest.raises(UnreachableError, match="out of order"),
    ):
        platform.packages()


def test_an_answer_of_the_wrong_kind_is_named_by_its_first_fault() -> None:
    page = {"items": [{**HEAD, "version": "x"}], "total": 1, "next": None}

    with (
        platform_at(answering(response(page))) as platform,
        pytest.raises(UnreachableError, match="has 1 fault, the first at items/0/version"),
    ):
        platform.packages()


def test_what_does_not_speak_tls_is_asked_once() -> None:
    asked: list[bytes] = []
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def answer() -> None:
            while server.fileno() != -1:
                with suppress(OSError), closing(server.accept()[0]) as connection:
                    asked.append(connection.recv(1))
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        url = f"https://127.0.0.1:{server.getsockname()[1]}"
        with open_http(url, token=None) as platform, pytest.raises(UnreachableError) as caught:
            platform.packages()

    assert len(asked) == 1
    assert "TLS" in caught.value.hint


def test_a_503_says_why_to_the_client() -> None:
    problem = {
        "type": "urn:reconciler:problem:unavailable",
        "title": "x",
        "status": 503,
        "detail": "It rests.",
    }
    answer = answering(response(problem, 503, "application/problem+json"))

    with platform_at(answer) as platform, pytest.raises(UnreachableError, match=r"answers 503 \(It rests\)"):
        platform.packages()


def test_a_stream_without_end_is_cut_off() -> None:
    def endless(peer: Peer) -> None:
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nConnection: close\r\n\r\n")
        while True:
            peer.send(b'"client"\n' * 1_000)

    with platform_at(endless) as platform, pytest.raises(UnreachableError):
        for _ in platform.matching(QUESTION, NOON):
            pass


def test_a_line_without_end_is_cut_off() -> None:
    answer = answering(response(b'"' + b"a" * 50_000, 200, "application/x-ndjson"))

    with platform_at(answer) as platform, pytest.raises(UnreachableError, match="a line of the answer"):
        list(platform.matching(QUESTION, NOON))


def test_a_server_of_another_version_is_refused_before_anything_else() -> None:
    asked: list[str] = []
    newer = response({"kind": "sqlite", "lineage": "x", "versions": [2, 3]})

    def script(peer: Peer) -> None:
        asked.append(peer.path)
        peer.send(newer)

    with (
        hostile(script, has_platform=False) as url,
        open_http(url, token=None, limits=QUICK) as platform,
        pytest.raises(UnreachableError, match="speaks version 2, 3") as caught,
    ):
        platform.apply(CHANGES)

    assert asked == ["/v1/platform"]
    assert caught.value.hint == "Upgrade reconciler."


def test_a_write_is_sent_again_under_the_same_key() -> None:
    keys: list[str] = []

    def noting(then: Callable[[Peer], None]) -> Callable[[Peer], None]:
        def step(peer: Peer) -> None:
            keys.append(peer.header("Idempotency-Key"))
            then(peer)

        return step

    with platform_at(first(noting(resetting), noting(answering(response(RUN))))) as platform:
        run = platform.apply(CHANGES)

    assert run.id == 1
    assert keys == ["sha256:1", "sha256:1"]


def test_a_write_whose_outcome_is_not_known_says_so() -> None:
    with platform_at(resetting) as platform, pytest.raises(UnreachableError, match="not known") as caught:
        platform.apply(CHANGES)

    assert "at most once" in caught.value.hint


def test_a_write_that_reached_nobody_says_that_nothing_was_written() -> None:
    with ExitStack() as stack:
        url = stack.enter_context(hostile(resetting))
        with open_http(url, token=None, limits=QUICK) as platform:
            platform.identity()
            stack.close()

            with pytest.raises(UnreachableError, match="Nothing was written"):
                platform.apply(CHANGES)


def test_a_write_that_is_put_off_only_says_that_nothing_was_written() -> None:
    storm = answering(response(b"", 429))

    with platform_at(storm) as platform, pytest.raises(UnreachableError, match="Nothing was written"):
        platform.apply(CHANGES)


def test_nobody_listening_is_out_of_reach() -> None:
    with hostile(resetting) as url:
        pass

    with open_http(url, token=None, limits=QUICK) as platform, pytest.raises(UnreachableError):
        platform.catalog()


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "https://",
        "https://user:secret@example.com",
        "HTTP://example.com",
        " http://example.com",
        "https://example.com:99999",
        "https://example.com?x=1",
        "https://[::1",
        "https://[::g]",
        "https://a\\@b",
        "https://exam\nple.com",
        "https://exam ple.com",
        "https://example.com:0",
        "https://exa%2fmple.com",
        "https://\u2603\u200d.example",
        "ftp://example.com",
        "example.com",
    ],
)
def test_an_address_that_cannot_be_used_is_refused_without_showing_secrets(url: str) -> None:
    with pytest.raises(InvalidError) as caught, open_http(url, token=TOKEN):
        pass

    assert "secret" not in str(caught.value)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Example.COM./v1", "example.com"),
        ("https://example.com:443", "example.com"),
        ("http://example.com:443", "example.com:443"),
        ("https://b\u00fccher.example:8443", "xn--bcher-kva.example:8443"),
        ("https://stra\u00dfe.example", "xn--strae-oqa.example"),
        ("http://[::1]:8080/", "[::1]:8080"),
    ],
)
def test_an_address_is_of_the_host_that_is_connected_to(url: str, host: str) -> None:
    assert str(host_of(url)) == host


def test_a_path_before_the_api_and_what_is_asked_are_sent_as_addresses_are_written() -> None:
    asked: list[bytes] = []

    def note(peer: Peer) -> None:
        asked.append(peer.request)
        peer.send(response({"kind": "sqlite", "lineage": "x", "versions": [1]}))

    with (
        hostile(note, has_platform=False) as url,
        open_http(f"{url}/b\u00fcro 1/%2f/", token=TOKEN, limits=QUICK) as platform,
    ):
        platform.identity()
        with pytest.raises(UnreachableError):
            list(platform.expiring(NOON, NOON))
        with pytest.raises(UnreachableError):
            platform.start_cycle("acme", NOON)

    lines = [each.split(b"\r\n") for each in asked]
    instant = b"2026-11-01T12%3A00%3A00%2B00%3A00"
    start = b"/b%C3%BCro%201/%2f/v1"
    assert [each[0] for each in lines[:3]] == [
        b"GET " + start + b"/platform HTTP/1.1",
        b"GET " + start + b"/expiring?at=" + instant + b"&until=" + instant + b" HTTP/1.1",
        b"POST " + start + b"/clients/acme/cycle HTTP/1.1",
    ]
    assert all(f"Host: {url.removeprefix('http://')}".encode() in each for each in lines)
    assert b"Content-Length: 0" in lines[2]
    assert b"Authorization: Bearer " + TOKEN.encode() in lines[2]


def test_a_list_that_breaks_off_and_one_that_ends_early_say_so() -> None:
    whole = response(b'"a"\n"b"\n', 200, "application/x-ndjson")
    told = {whole: "a list ends before its end", whole[:-2]: "a list broke off: "}

    for data, said in told.items():
        with platform_at(answering(data)) as platform, pytest.raises(UnreachableError, match=said):
            list(platform.matching(QUESTION, NOON))


def test_a_line_of_a_list_that_cannot_be_read_is_told() -> None:
    answer = answering(response(b'{"at": 1}\n{"end": 1}\n', 200, "application/x-ndjson"))

    with (
        platform_at(answer) as platform,
        pytest.raises(UnreachableError, match="a line of a list cannot be read") as raised,
    ):
        list(platform.client_history("acme"))

    assert raised.value.hint == "Use client and server of one version."


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (response([]), "answers 200, and no JSON object."),
        (response({}, 404), "answers 404, and no JSON object."),
        (response(b"<html>"), "cannot be read: "),
    ],
)
def test_an_address_without_the_document_that_belongs_there_is_told(data: bytes, said: str) -> None:
    with (
        hostile(answering(data)) as address,
        pytest.raises(UnreachableError, match=said) as raised,
    ):
        document_at(f"{address}/.well-known/openid-configuration")

    assert raised.value.hint == "Try again later."
