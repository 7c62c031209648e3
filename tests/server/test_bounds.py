"""What a request may cost, and how it is refused beyond."""

from __future__ import annotations

import gzip
import json
import socket
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.live.opening import open_served
from reconciler.model.changesets import ChangeSet
from reconciler.model.clients import ClientLine
from reconciler.server import app
from reconciler.server.dependencies import Bounds
from reconciler.server.runner import Listening, bound
from reconciler.sources.yaml.bounds import LARGEST_FILE
from tests.builders import NOON, definition
from tests.server.conftest import browser
from tests.servers import listening, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx
    from fastapi.routing import APIRoute

    from reconciler.live.port import Platform
    from tests.server.conftest import Api


KEY = {"Idempotency-Key": "bounds"}


@pytest.fixture
def small(tmp_path: Path) -> Iterator[httpx.Client]:
    """A server that takes little."""
    bounds = Bounds(large_bytes=1_000, import_bytes=2_000, page=2, page_bytes=1_500)
    with (
        open_served("sqlite:///platform.db", root=tmp_path) as (platform, _),
        listening(served(platform, bounds=bounds)) as url,
        browser(url) as client,
    ):
        for number in range(5):
            platform.edit_package(f"p{number}", definition(title=f"Title {number}"), NOON)
            platform.apply(run_of(platform, f"sha256:{number}", size=1_500 if number == 2 else 1))
        yield client


def run_of(platform: Platform, plan_hash: str, size: int) -> ChangeSet:
    """A change set that changes nothing, and whose run has texts of about this many characters."""
    lineage = platform.identity().lineage
    return ChangeSet(plan_hash, lineage, NOON, "ana", "local", allowed=("x" * 100,) * (size // 100))


def pages_of(client: httpx.Client, path: str) -> list[list[Any]]:
    pages: list[list[Any]] = []
    query = {"limit": "100"}
    while True:
        page = client.get(path, params=query).raise_for_status().json()
        pages.append(page["items"])
        if page["next"] is None:
            return pages
        query["cursor"] = page["next"]


def question(size: int) -> dict[str, Any]:
    return {"keys": ["x" * 50] * (size // 50), "at": "2026-11-01T12:00:00Z"}


def test_a_body_beyond_the_bound_is_refused(small: httpx.Client) -> None:
    assert small.post("/v1/holdings", json=question(500)).status_code == 200
    assert small.post("/v1/holdings", json=question(2_000)).status_code == 413


def test_an_ordinary_request_takes_far_less_than_a_question(api: Api) -> None:
    much = " " * 300_000
    headers = {"Content-Type": "application/json", "Idempotency-Key": "much", "If-Match": "*"}
    assignment = f'{much}{{"package": "pro"}}'

    refused = api.ask("PUT", "/v1/clients/acme/subscription", content=assignment, headers=headers)
    answered = api.ask("POST", "/v1/holdings", content=much + json.dumps(question(0)), headers=headers)

    assert (refused.status_code, answered.status_code) == (413, 200)
    assert "262,144 bytes at most" in refused.json()["detail"]


def test_a_package_may_be_as_large_as_its_file(api: Api) -> None:
    emails = [f"{'x' * 60}{number}@{'y' * 60}.example" for number in range(7_000)]
    body = {"definition": definition(title="Large", allowed_emails=emails).as_document()}

    answer = api.ask("PUT", "/v1/packages/large", json=body, headers={"If-None-Match": "*", **KEY})

    assert (answer.status_code, len(json.dumps(body)) > LARGEST_FILE * 0.9) == (200, True)


def test_a_list_of_faults_is_short_whatever_is_at_fault(api: Api) -> None:
    limits = {f"{'k' * 1_000}{number}\n": 1 for number in range(1_500)}
    body = {"definition": {**definition().as_document(), "limits": limits}}

    answer = api.ask("PUT", "/v1/packages/basic", json=body, headers={"If-Match": "*", **KEY})

    assert answer.status_code == 422
    assert len(answer.json()["findings"]) == 50
    assert len(answer.content) < 50_000


def test_a_body_of_unstated_length_is_refused_beyond_the_bound(small: httpx.Client) -> None:
    pieces = (b" " * 100 for _ in range(50))

    answer = small.post("/v1/holdings", content=pieces, headers={"Content-Type": "application/json"})

    assert answer.status_code == 413


def test_a_question_of_as_many_conditions_as_are_taken_is_answered(api: Api) -> None:
    used = {"kind": "uses-more-than", "meter": "chat", "amount": 0}
    users = {**used, "meter": "user_count"}
    asked = {"package": "basic", "revisions": [1]}

    for conditions in ([used] * 50, [used, users] * 25):
        body = {"question": {**asked, "conditions": conditions}, "at": "2026-11-01T12:00:00Z"}
        assert api.ask("POST", "/v1/matching", json=body).status_code == 200
    too_many = {"question": {**asked, "conditions": [used] * 51}, "at": "2026-11-01T12:00:00Z"}
    assert api.ask("POST", "/v1/matching", json=too_many).status_code == 422


def test_alternatives_are_as_many_as_a_package_has_features_and_limits(api: Api) -> None:
    used = [{"kind": "uses-more-than", "meter": f"m{number}", "amount": 0} for number in range(10_000)]
    question = {
        "package": "basic",
        "revisions": [1],
        "conditions": [{"kind": "any-of", "alternatives": used}],
    }

    answer = api.ask("POST", "/v1/matching", json={"question": question, "at": "2026-11-01T12:00:00Z"})

    assert answer.status_code == 200


def test_an_import_beyond_its_own_bound_is_refused(small: httpx.Client) -> None:
    headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": "k"}

    answer = small.post("/v1/imports", content=(b"\n" * 100 for _ in range(50)), headers=headers)

    assert answer.status_code == 413


def test_an_encoded_body_is_refused_unread(small: httpx.Client) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}

    answer = small.post("/v1/holdings", content=gzip.compress(b"{}"), headers=headers)

    assert answer.status_code == 415


def test_a_page_has_the_bound_at_most_and_a_cursor_to_the_next(small: httpx.Client) -> None:
    pages = pages_of(small, "/v1/packages")

    assert [[item["key"] for item in page] for page in pages] == [["p0", "p1"], ["p2", "p3"], ["p4"]]
    assert small.get("/v1/packages").json()["total"] == 5


def test_a_page_of_runs_is_cut_after_the_run_that_makes_it_too_large(small: httpx.Client) -> None:
    pages = pages_of(small, "/v1/runs")

    assert [[item["id"] for item in page] for page in pages] == [[5, 4], [3], [2, 1]]


def test_a_run_that_comes_between_two_pages_is_neither_missed_nor_repeated(small: httpx.Client) -> None:
    first = small.get("/v1/runs").json()
    lineage = small.get("/v1/platform").json()["lineage"]
    body = {"lineage": lineage, "plan_hash": "sha256:9", "actor": "ana", "environment": "local"}
    again = {"Idempotency-Key": "between"}
    small.post("/v1/change-sets", json=body, headers=again)

    second = small.get("/v1/runs", params={"cursor": first["next"]}).json()

    assert [[item["id"] for item in page["items"]] for page in (first, second)] == [[5, 4], [3]]
    assert small.get("/v1/runs", params={"limit": 1}).json()["items"][0]["id"] == 6


def test_a_cursor_of_a_list_that_changed_is_refused(small: httpx.Client) -> None:
    cursor = small.get("/v1/packages").json()["next"]
    body = {"definition": definition(title="Changed").as_document()}
    headers = {"If-Match": "*", "Idempotency-Key": "k"}
    assert small.put("/v1/packages/p0", json=body, headers=headers).status_code == 200

    answer = small.get("/v1/packages", params={"cursor": cursor})

    assert answer.status_code == 409
    assert answer.json()["type"].endswith(":stale")
    assert answer.json()["detail"] == "The packages changed while they were listed."
    assert answer.json()["hint"] == "List them again."


@pytest.mark.parametrize("cursor", ["x", "", "bnVsbA==", "WzEsMl0=", "WyJ4Il0=", "W" * 900])
@pytest.mark.parametrize("path", ["/v1/packages", "/v1/runs"])
def test_a_made_up_cursor_is_refused(small: httpx.Client, path: str, cursor: str) -> None:
    assert small.get(path, params={"cursor": cursor}).status_code == 400


def test_a_deep_body_is_refused(api: Api) -> None:
    headers = {"Content-Type": "application/json"}

    answer = api.ask("POST", "/v1/holdings", content=b"[" * 100_000, headers=headers)

    assert answer.status_code in {400, 422}
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("value", ["NaN", "-Infinity", "1e999", r'"\ud800"', r'[{"\udfff": 1}]'])
def test_details_that_no_answer_could_repeat_are_refused(api: Api, value: str) -> None:
    stated = '"plan_hash": "sha256:1", "lineage": "x", "actor": "ana", "environment": "local"'
    body = f'{{{stated}, "changes": [{{"key": "basic", "x": {value}}}]}}'
    headers = {"Content-Type": "application/json", "Idempotency-Key": "details"}

    answer = api.ask("POST", "/v1/change-sets", content=body, headers=headers)

    assert answer.status_code == 422
    assert "is not JSON" in answer.json()["findings"][0]["message"]


def test_every_fault_of_a_body_is_named_with_its_rule(api: Api) -> None:
    body = {"id": "x", "users": -1, "surprise": 1}

    answer = api.ask("POST", "/v1/clients", json=body, headers={"Idempotency-Key": "faults"})

    assert answer.status_code == 422
    assert {(finding["rule"], finding["message"].split(":")[0]) for finding in answer.json()["findings"]} == {
        ("out-of-range", "/users"),
        ("unknown-key", "/surprise"),
    }


def test_a_path_that_is_not_there_is_a_problem(api: Api) -> None:
    answer = api.ask("GET", "/v2/packages")

    assert (answer.status_code, answer.json()["type"]) == (404, "urn:reconciler:problem:no-such-path")


def test_a_long_answer_is_compressed_for_those_who_take_it(api: Api) -> None:
    for number in range(20):
        api.platform.add_client(ClientLine(f"z{number}", 1, "Z", "z@x.example", package="basic"), NOON)

    answer = api.ask("GET", "/v1/clients", headers={"Accept-Encoding": "gzip"})

    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.text.endswith('{"end": 21}\n')


def test_every_answer_says_which_version_it_speaks(api: Api) -> None:
    statuses = {path: api.ask("GET", path) for path in ("/healthz", "/v1/platform", "/nowhere")}

    assert {answer.headers["Reconciler-Version"] for answer in statuses.values()} == {"1"}


def test_figures_name_routes_and_no_ids(api: Api) -> None:
    api.ask("GET", "/v1/clients/secret-id")

    text = api.ask("GET", "/metrics").text

    assert 'route="/v1/clients/{client_id}",status="404"' in text
    assert "secret-id" not in text


def test_a_ready_server_says_so(api: Api) -> None:
    assert (api.ask("GET", "/readyz", None).text, api.ask("GET", "/healthz", None).text) == (
        "ready\n",
        "ok\n",
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_socket_that_listens_says_that_it_is_of_tcp_so_that_answers_are_not_delayed(host: str) -> None:
    with bound(Listening(host, 0)) as listening_at:
        assert listening_at.proto == socket.IPPROTO_TCP


def test_requests_find_the_routes_put_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named: list[str] = []

    def name(route: APIRoute) -> str:
        named.append(route.name)
        return route.name

    monkeypatch.setattr(app, "_name", name)
    with (
        open_served("sqlite:///platform.db", root=tmp_path) as (platform, _),
        listening(served(platform)) as url,
        browser(url) as client,
    ):
        at_start = list(named)
        assert client.get("/v1/packages").is_success

    assert "packages" in at_start
    assert named == at_start
