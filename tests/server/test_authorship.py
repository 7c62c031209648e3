"""Whoever writes over HTTP is who the token says, now: neither is the caller's to choose."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any, Final

import pytest

from reconciler.live.opening import open_served
from reconciler.model.clients import ClientLine
from reconciler.render.json import run_json
from reconciler.render.text.runs import run_table
from reconciler.render.text.style import Paper
from tests.builders import definition
from tests.server.conftest import browser
from tests.servers import listening, now, served

if TYPE_CHECKING:
    from pathlib import Path

    from tests.server.conftest import Api

LONG_AGO: Final = "2001-01-01T00:00:00Z"
LINES: Final = {"Content-Type": "application/x-ndjson"}
_numbers: Final = count()


def key() -> dict[str, str]:
    return {"Idempotency-Key": f"authorship-{next(_numbers)}"}


def change_set(api: Api, **contents: Any) -> dict[str, Any]:
    lineage = api.platform.identity().lineage
    identity = {"plan_hash": f"sha256:a{next(_numbers)}", "lineage": lineage, "environment": "local"}
    return {**identity, "actor": "ceo@agency", **contents}


def written(api: Api, package: str) -> dict[str, Any]:
    head = api.platform.package(package) or api.platform.edit_package(
        package, definition(title=package), now()
    )
    return {"kind": "package", "key": package, "expected_version": head.version, "archived": True} | {
        "definition": definition(title=package).as_document()
    }


def assigned_at(api: Api, client_id: str) -> datetime:
    return api.platform.client(client_id, now()).subscription.assigned_at


def test_the_author_of_a_run_is_the_token_and_who_the_caller_names_stands_beside_it(api: Api) -> None:
    began = now()

    answer = api.ask("POST", "/v1/change-sets", "packages", json=change_set(api), headers=key())

    run = api.platform.run(answer.json()["id"])
    assert (run.actor, run.on_behalf_of) == ("packages", "ceo@agency")
    assert began <= run.at <= now()
    assert "packages, on behalf of ceo@agency" in list(run_table([run], Paper(None)))[1]
    assert '"on_behalf_of":"ceo@agency"' in run_json(run).replace(": ", ":")


def test_without_tokens_nobody_is_vouched_for(tmp_path: Path) -> None:
    with (
        open_served("sqlite:///platform.db", root=tmp_path) as (platform, _),
        listening(served(platform)) as url,
        browser(url) as client,
    ):
        body = {"plan_hash": "sha256:1", "lineage": platform.identity().lineage, "environment": "local"}
        run = client.post("/v1/change-sets", json={**body, "actor": "ana"}, headers=key()).json()

    assert (run["actor"], run["on_behalf_of"]) == ("anyone", "ana")


def test_history_tells_of_an_archive_that_its_sender_does_not_mention(api: Api) -> None:
    silent = change_set(api, writes=[written(api, "quiet")], changes=[])
    lying = change_set(
        api, writes=[written(api, "loud")], changes=[{"action": "update", "key": "loud", "fields": []}]
    )

    runs = [
        api.platform.run(api.ask("POST", "/v1/change-sets", json=body, headers=key()).json()["id"])
        for body in (silent, lying)
    ]

    assert ["1 archived" in line for line in list(run_table(runs, Paper(None)))[1:]] == [True, True]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/clients", {"id": "x", "name": "X", "owner_email": "x@x.example", "package": "basic"}),
        ("PUT", "/v1/clients/acme/subscription", {"package": "pro"}),
        ("PUT", "/v1/clients/acme/users", {"users": 1}),
        ("POST", "/v1/clients/acme/usage", {"meter": "chat", "amount": 1}),
        ("POST", "/v1/change-sets", {"actor": "ana"}),
    ],
)
def test_a_write_that_states_its_instant_is_refused(api: Api, method: str, path: str, body: Any) -> None:
    headers = {"If-Match": "*", **key()}

    answer = api.ask(method, path, json={**body, "at": LONG_AGO}, headers=headers)

    assert answer.status_code == 422
    assert "unknown-key" in {finding["rule"] for finding in answer.json()["findings"]}


def test_an_assignment_is_of_now(api: Api) -> None:
    api.platform.add_client(ClientLine("later", 1, "L", "l@x.example", package="basic"), now())
    began = now()

    path = "/v1/clients/later/subscription"
    api.ask("PUT", f"{path}?at={LONG_AGO}", json={"package": "pro"}, headers={"If-Match": "*", **key()})

    assert began <= assigned_at(api, "later") <= now()


def test_an_import_and_an_edit_by_hand_are_of_now(api: Api) -> None:
    began = now()
    line = '{"id": "listed", "name": "L", "owner_email": "l@x.example", "package": "edited"}'

    edited = api.ask(
        "PUT",
        f"/v1/packages/edited?at={LONG_AGO}",
        json={"definition": definition(title="Edited").as_document()},
        headers={"If-None-Match": "*", **key()},
    )
    imported = api.ask("POST", f"/v1/imports?at={LONG_AGO}", content=line, headers={**LINES, **key()})

    assert (edited.status_code, imported.status_code) == (200, 200)
    assert began <= assigned_at(api, "listed") <= now()


def test_a_client_whose_trial_is_over_cannot_use_by_going_back(api: Api) -> None:
    trial = definition(title="Trial", features=["chat"], expiry="14 days")
    api.platform.edit_package("trial", trial, now())
    start = now() - timedelta(days=40)
    line = ClientLine("late", 1, "L", "l@x.example", package="trial", assigned_at=start)
    api.platform.add_client(line, now())

    path = f"/v1/clients/late/usage?at={start.isoformat()}"
    answer = api.ask("POST", path, json={"meter": "chat", "amount": 1}, headers=key())

    assert answer.status_code == 409
    assert "expired" in answer.json()["detail"]


def test_a_start_later_than_now_is_refused_by_every_way_in(api: Api) -> None:
    start = (now() + timedelta(days=1_000)).isoformat()
    client = {"id": "early", "name": "E", "owner_email": "e@x.example", "package": "basic"}
    line = f'{{"id": "acme", "assigned_at": "{start}"}}'

    added = api.ask("POST", "/v1/clients", json={**client, "assigned_at": start}, headers=key())
    imported = api.ask("POST", "/v1/imports", content=line, headers={**LINES, **key()})

    assert (added.status_code, imported.status_code) == (409, 422)
    assert "later than now" in added.json()["detail"]
    assert [finding["rule"] for finding in imported.json()["findings"]] == ["client-start-in-future"]
