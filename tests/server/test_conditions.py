"""Entity tags, conditions on them, and keys that make sending twice harmless."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.model.clients import ClientLine
from tests.builders import NOON, definition

if TYPE_CHECKING:
    import httpx

    from tests.server.conftest import Api

_numbers = count()


@pytest.fixture
def client_id(api: Api) -> str:
    new = f"client-{next(_numbers)}"
    api.platform.add_client(ClientLine(new, 1, new, "a@x.example", package="basic"), NOON)
    return new


def key() -> dict[str, str]:
    return {"Idempotency-Key": f"key-{next(_numbers)}"}


def used(api: Api, client_id: str) -> int:
    return api.platform.client(client_id, NOON).usage.get("chat", 0)


def record(api: Api, client_id: str, headers: dict[str, str], amount: int = 1) -> httpx.Response:
    body = {"meter": "chat", "amount": amount}
    return api.ask("POST", f"/v1/clients/{client_id}/usage", json=body, headers=headers)


def test_what_did_not_change_is_not_sent_again(api: Api) -> None:
    tag = api.ask("GET", "/v1/packages/basic").headers["ETag"]

    again = api.ask("GET", "/v1/packages/basic", headers={"If-None-Match": tag})

    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/v1/packages/basic", {"definition": definition().as_document()}),
        ("PUT", "/v1/clients/acme/subscription", {"package": "pro"}),
        ("PUT", "/v1/clients/acme/users", {"users": 1}),
        ("POST", "/v1/clients/acme/cycle", {}),
    ],
)
def test_a_write_without_a_condition_is_refused(api: Api, method: str, path: str, body: Any) -> None:
    assert api.ask(method, path, json=body, headers=key()).status_code == 428


@pytest.mark.parametrize(
    ("path", "methods"),
    [("/v1/clients", "GET, POST"), ("/v1/packages/basic", "GET, PUT"), ("/v1/runs/1/moved", "GET")],
)
def test_a_method_that_a_path_does_not_take_is_told_those_that_it_takes(
    api: Api, path: str, methods: str
) -> None:
    answer = api.ask("DELETE", path)

    assert (answer.status_code, answer.headers["Allow"]) == (405, methods)


@pytest.mark.parametrize("name", ["~!", "~" + "x" * 1_000, "x" * 201])
def test_what_nothing_can_be_named_is_not_there(api: Api, name: str) -> None:
    for kind in ("clients", "packages"):
        answer = api.ask("GET", f"/v1/{kind}/{name}")

        assert answer.status_code == 404
        assert name[:2] != "~!" or "Nothing is named '~!'." in answer.json()["detail"]


def test_a_write_on_what_was_read_is_done(api: Api, client_id: str) -> None:
    tag = api.ask("GET", f"/v1/clients/{client_id}").headers["ETag"]

    answer = api.ask(
        "PUT", f"/v1/clients/{client_id}/users", json={"users": 2}, headers={**key(), "If-Match": tag}
    )

    assert (answer.status_code, answer.json()["users"]) == (200, 2)


def test_a_write_on_what_moved_since_is_refused_and_writes_nothing(api: Api, client_id: str) -> None:
    tag = api.ask("GET", f"/v1/clients/{client_id}").headers["ETag"]
    api.platform.set_users(client_id, 3, NOON)

    answer = api.ask(
        "PUT", f"/v1/clients/{client_id}/users", json={"users": 2}, headers={**key(), "If-Match": tag}
    )

    assert answer.status_code == 412
    assert api.platform.client(client_id, NOON).users == 3


def test_of_many_writes_on_the_same_state_one_is_done(api: Api, client_id: str) -> None:
    tag = api.ask("GET", f"/v1/clients/{client_id}").headers["ETag"]

    def write(users: int) -> int:
        headers = {**key(), "If-Match": tag}
        path = f"/v1/clients/{client_id}/users"
        return api.ask("PUT", path, json={"users": users}, headers=headers).status_code

    with ThreadPoolExecutor(3) as pool:
        statuses = sorted(pool.map(write, (1, 2, 3)))

    assert statuses == [200, 412, 412]


def test_a_new_package_is_written_where_there_is_none(api: Api) -> None:
    body = {"definition": definition(title=f"New {next(_numbers)}").as_document()}

    statuses = [
        api.ask("PUT", "/v1/packages/new", json=body, headers={**key(), "If-None-Match": "*"}).status_code
        for _ in range(2)
    ]

    assert statuses == [200, 412]


def test_the_same_request_under_the_same_key_is_done_once(api: Api, client_id: str) -> None:
    headers = key()

    first, second = (record(api, client_id, headers) for _ in range(2))

    assert first.text == second.text
    assert used(api, client_id) == 1


def test_many_at_once_under_one_key_are_done_once(api: Api, client_id: str) -> None:
    headers = key()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: record(api, client_id, headers), range(8)))

    assert {answer.text for answer in answers} == {'{"meter":"chat","total":1}'}
    assert used(api, client_id) == 1


def test_another_request_under_the_same_key_is_refused(api: Api, client_id: str) -> None:
    headers = key()
    record(api, client_id, headers)

    answer = record(api, client_id, headers, amount=2)

    assert answer.status_code == 422
    assert answer.json()["type"].endswith(":key-reused")
    assert used(api, client_id) == 1


def test_two_callers_may_choose_the_same_key(api: Api, client_id: str) -> None:
    headers = key()
    body = {"meter": "chat", "amount": 1}

    for scope in ("admin", "usage"):
        api.ask("POST", f"/v1/clients/{client_id}/usage", scope, json=body, headers=headers)

    assert used(api, client_id) == 2


def test_a_refused_request_may_be_tried_again_under_its_key(api: Api, client_id: str) -> None:
    headers = key()
    refused = record(api, client_id, headers, amount=-1)
    record(api, client_id, key())

    again = record(api, client_id, headers, amount=-1)

    assert (refused.status_code, again.status_code) == (409, 200)
    assert used(api, client_id) == 0


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": ""}, {"Idempotency-Key": "a b"}])
def test_a_write_without_a_usable_key_is_refused(api: Api, client_id: str, headers: dict[str, str]) -> None:
    assert record(api, client_id, headers).status_code == 400


def test_what_is_asked_together_is_of_the_state_that_is_named(api: Api) -> None:
    answer = api.ask("POST", "/v1/together", json={"state": "another", "asked": []})

    assert answer.status_code == 409
    assert answer.json()["detail"] == "Packages, settings or runs changed since they were read."
    assert answer.json()["hint"] == "Read them again."


@pytest.mark.parametrize("replaced_by", ["", "?replaced_by=c-9"])
def test_kept_answers_that_name_a_forgotten_client_are_erased_and_no_others(
    api: Api, replaced_by: str
) -> None:
    naming, of_another, (mine, other) = key(), key(), (f"added-{next(_numbers)}" for _ in range(2))
    assert (added(api, mine, naming, "Zoë “Z” Öz"), added(api, other, of_another, "Other")) == (201, 201)
    assert added(api, mine, naming, "Somebody else") == 422  # the key came with another request

    forgotten = api.ask("DELETE", f"/v1/clients/{mine}{replaced_by}", headers=key())

    assert forgotten.status_code == 200
    assert added(api, mine, naming, "Somebody else") == 201
    assert added(api, other, of_another, "Somebody else") == 422


def added(api: Api, client_id: str, headers: dict[str, str], name: str) -> int:
    body = {"id": client_id, "name": name, "owner_email": f"zoë@{client_id}.example", "package": "basic"}
    return api.ask("POST", "/v1/clients", json=body, headers=headers).status_code
