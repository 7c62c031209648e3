"""What is told of each request: one line, figures, and an id that both sides know."""

from __future__ import annotations

import json
import logging
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from reconciler.engine.tokens import create_token
from reconciler.live.opening import open_served
from reconciler.model.tokens import Scope
from reconciler.watch.metrics import Metrics
from tests.benchmarks.agency import configure
from tests.mortal_postgres import mortal_postgres
from tests.server.conftest import browser
from tests.servers import listening, now, served
from tests.serving import ROOT, serving

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from tests.server.conftest import Api


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "reconciler.requests")
    return caplog


def lines_of(log: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [json.loads(each.getMessage()) for each in log.records if each.name == "reconciler.requests"]


def line_of(log: pytest.LogCaptureFixture, answer: httpx.Response) -> dict[str, Any]:
    (found,) = [each for each in lines_of(log) if each["request"] == answer.headers["X-Request-Id"]]
    return found


def test_a_request_is_one_line(api: Api, log: pytest.LogCaptureFixture) -> None:
    answer = api.ask("GET", "/v1/clients/acme")

    line = line_of(log, answer)
    assert line.pop("seconds") >= 0
    assert re.fullmatch("[0-9a-f]{12}", line.pop("token"))
    assert line == {
        "method": "GET",
        "route": "/v1/clients/{client_id}",
        "status": 200,
        "request": answer.headers["X-Request-Id"],
    }


@pytest.mark.parametrize(
    ("asked", "status", "problem"),
    [
        (("GET", "/v1/catalog", None), 401, "unauthorised"),
        (("GET", "/v1/catalog", "usage"), 403, "forbidden"),
        (("GET", "/v1/clients/nobody", "admin"), 404, "not-found"),
        (("GET", "/nowhere", "admin"), 404, "no-such-path"),
        (("DELETE", "/v1/catalog", "admin"), 405, "method-not-allowed"),
        (("POST", "/v1/holdings", "admin"), 422, "invalid"),
    ],
)
def test_a_refusal_is_named_by_its_problem(
    api: Api, log: pytest.LogCaptureFixture, asked: tuple[str, str, str | None], status: int, problem: str
) -> None:
    line = line_of(log, api.ask(*asked))

    assert (line["status"], line["problem"]) == (status, problem)


@pytest.mark.parametrize("given", ["4bf92f3577b34da6", "Root=1-67891233-abcdef012345678912345678"])
def test_an_id_that_a_proxy_gives_is_taken(api: Api, given: str) -> None:
    answer = api.ask("GET", "/healthz", None, headers={"X-Request-Id": given})

    assert answer.headers["X-Request-Id"] == given


@pytest.mark.parametrize(
    "given", ["", "a b", "x" * 129, "ops@acme.example", "\u00e9".encode("latin-1").decode("latin-1")]
)
def test_what_is_no_id_is_replaced(api: Api, given: str) -> None:
    answer = api.ask("GET", "/healthz", None, headers={"X-Request-Id": given.encode("latin-1")})

    assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-Id"])


def test_no_secret_id_or_address_is_in_the_log(api: Api, log: pytest.LogCaptureFixture) -> None:
    client = {"id": "canary-id", "name": "Canary", "owner_email": "canary@acme.example", "package": "basic"}
    api.ask("POST", "/v1/clients", json=client, headers={"Idempotency-Key": "canary-key"})
    api.ask("GET", "/v1/clients/canary-id?at=canary", headers={"X-Request-Id": "canary@acme.example"})
    api.client.get("/v1/catalog", headers={"Authorization": "Bearer rct_0123456789ab_canary"})

    told = json.dumps(lines_of(log))
    secrets = [text.split("_", 2)[2] for text in api.tokens.values()]
    assert len(lines_of(log)) == 3
    assert "canary" not in told.lower()
    assert not [secret for secret in secrets if secret in told]


def test_the_log_is_on_standard_output_and_the_rest_is_not(tmp_path: Path) -> None:
    configure(tmp_path, local="sqlite:///platform.db")
    log = tmp_path / "requests.log"
    with serving(tmp_path, log=log) as server, browser(server.url) as client:
        client.get("/v1/catalog")
        client.get("/v1/::error::owned")
        code, messages = server.ended()

    lines = log.read_text().splitlines()
    assert [json.loads(line)["status"] for line in lines] == [200, 404]
    assert (code, messages) == (0, "")


def test_figures_tell_of_the_process_its_connections_and_its_build(api: Api) -> None:
    text = api.ask("GET", "/metrics").text

    for name in ("process_resident_memory_bytes", "process_open_fds", "python_gc_objects_collected_total"):
        assert f"\n{name}" in text
    assert 'reconciler_build_info{python="' in text
    assert re.search(r"\nreconciler_database_connections_in_use \d", text)
    assert "\nreconciler_database_connections_most 35.0" in text


def test_a_lost_database_is_told_to_the_operator_and_not_to_strangers(
    tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    with mortal_postgres() as server, open_served(server.url, root=tmp_path) as (platform, register):
        _, text = create_token(register, "ci", [Scope.READ], now())
        with listening(served(platform, register)) as url, browser(url) as client:
            server.kill()
            ready = client.get("/readyz")
            forged = client.get("/v1/catalog", headers={"Authorization": f"Bearer {text}"})

    assert (ready.status_code, forged.status_code, ready.headers["Retry-After"]) == (503, 503, "1")
    for answer in (ready, forged):
        assert "The server's database cannot be used now" in answer.json()["detail"]
        assert "postgres" not in answer.text
        assert "postgresql://" in line_of(log, answer)["reason"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_answer_head(api: Api, path: str) -> None:
    answer = api.ask("HEAD", path, None)

    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("path", ["/v1/packages/", "/v1/runs/", "/healthz/"])
def test_a_path_that_is_nearly_right_leads_to_no_host_that_the_sender_names(api: Api, path: str) -> None:
    answer = api.ask("GET", path, headers={"Host": "evil.example"})

    assert (answer.status_code, answer.headers.get("Location")) == (404, None)


@pytest.mark.parametrize("cursor", ["W3RydWVd", "W2ZhbHNlLCAieCJd", "WzFd" * 100, "bnVsbA==", "W10="])
@pytest.mark.parametrize("path", ["/v1/runs", "/v1/packages"])
def test_a_cursor_that_is_none_is_refused(api: Api, path: str, cursor: str) -> None:
    if (path, cursor) != ("/v1/runs", "WzFd" * 100):
        assert api.ask("GET", f"{path}?cursor={cursor}").status_code == 400


def test_every_figure_of_an_alert_exists(api: Api) -> None:
    rules = yaml.safe_load((ROOT / "docs" / "deploy" / "alerts.yaml").read_text())
    expressions = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    api.ask("GET", "/metrics")  # of the first request figures are told by the next one
    known = api.ask("GET", "/metrics").text + Metrics().text().decode()

    asked = {name for each in expressions for name in re.findall(r"\b(?:reconciler|process)_\w+", each)}
    told = {name for name in asked if re.search(rf"^(# HELP )?{name}\b", known, re.MULTILINE)}
    assert asked == told
    assert all(
        {"summary", "description"} <= rule["annotations"].keys()
        for group in rules["groups"]
        for rule in group["rules"]
    )
