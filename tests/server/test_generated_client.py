"""A client that a stranger has a program write from `schemas/openapi.json` reads and writes the platform."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.server.description import description

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.server.conftest import Api

pytest.importorskip("openapi_python_client", reason="the extra `test` has the generator")

GENERATED = "generated_by_a_stranger"


@pytest.fixture(scope="module")
def ask(api: Api, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Any]]:
    """Calls an operation of the generated client by its name, and gives what it understood of the answer."""
    folder = tmp_path_factory.mktemp("generated")
    (folder / "openapi.json").write_text(description())
    generator = Path(sys.executable).with_name("openapi-python-client")
    options = ("--path", "openapi.json", "--output-path", GENERATED, "--meta", "none")
    subprocess.run([generator, "generate", *options], cwd=folder, check=True, capture_output=True)
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(folder)
        of_ours = {"base_url": str(api.client.base_url), "token": api.tokens["admin"], "timeout": 120}
        of_httpx = {"headers": {"Accept": "application/json"}, "httpx_args": {"trust_env": False}}
        with import_module(GENERATED).AuthenticatedClient(**of_ours, **of_httpx) as client:
            yield lambda name, **given: import_module(f"{GENERATED}.api.{name}").sync(client=client, **given)


def model(name: str) -> Any:
    return getattr(import_module(f"{GENERATED}.models"), name)


def test_it_reads_what_a_client_may_use(ask: Callable[..., Any]) -> None:
    found = ask("clients.entitlements", client_id="acme")

    assert (found.features, found.user_count) == (["chat"], 3)


def test_it_reads_packages_with_and_without_a_bound(ask: Callable[..., Any], api: Api) -> None:
    limits = {"sessions": 5, "sources": "unlimited"}
    body = {"definition": {"title": "Limited", "user_count": "unlimited", "limits": limits}}
    written = api.ask(
        "PUT", "/v1/packages/limited", json=body, headers={"If-None-Match": "*", "Idempotency-Key": "limited"}
    )

    found = ask("packages.package", key="limited")

    assert written.status_code < 300
    assert found.definition.limits.additional_properties == limits
    assert found.definition.user_count == "unlimited"


def test_it_imports_clients_and_lists_them_a_page_at_a_time(ask: Callable[..., Any]) -> None:
    lines = [
        {"id": f"new-{number}", "name": "New", "owner_email": "ops@new.example", "package": "pro"}
        for number in range(3)
    ]

    report = ask(
        "clients.import_clients",
        body=model("ImportClientsJsonImportBody").from_dict({"clients": lines}),
        idempotency_key="import",
    )
    first = ask("clients.clients", package="pro", limit=2)
    second = ask("clients.clients", package="pro", limit=2, after=first.next_)

    assert report.added == 3
    assert [each.id for each in (*first.items, *second.items)] == ["new-0", "new-1", "new-2"]
    assert (first.next_, second.next_) == ("new-1", None)
