"""Over TLS: whom to trust is decided before a token is sent."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import trustme

from reconciler.errors import UnreachableError
from reconciler.live.http.platform import open_http
from reconciler.live.opening import open_served
from reconciler.server.app import application
from tests.builders import NOON, definition
from tests.servers import running, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AUTHORITY = trustme.CA()
TOKEN = "t0ken"  # noqa: S105 - of no server


@contextmanager
def server_named(name: str, folder: Path) -> Iterator[str]:
    certificate = folder / "server.pem"
    AUTHORITY.issue_cert(name).private_key_and_cert_chain_pem.write_to_path(certificate)
    with open_served("sqlite:///platform.db", root=folder) as (platform, _):
        platform.edit_package("basic", definition(), NOON)
        with running(application(served(platform)), certificate) as url:
            yield url


@pytest.fixture
def _trusting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = tmp_path / "authority.pem"
    AUTHORITY.cert_pem.write_to_path(authority)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))


@pytest.mark.usefixtures("_trusting")
def test_a_server_of_a_trusted_authority_is_asked(tmp_path: Path) -> None:
    with server_named("127.0.0.1", tmp_path) as url, open_http(url, token=TOKEN) as platform:
        assert [head.key for head in platform.packages()] == ["basic"]


def test_a_server_of_an_unknown_authority_is_refused_at_once(tmp_path: Path) -> None:
    with (
        server_named("127.0.0.1", tmp_path) as url,
        open_http(url, token=TOKEN) as platform,
        pytest.raises(UnreachableError, match="certificate is not trusted") as caught,
    ):
        platform.packages()

    assert "times" not in caught.value.message
    assert "SSL_CERT_FILE" in caught.value.hint


@pytest.mark.usefixtures("_trusting")
def test_a_server_with_the_certificate_of_another_is_refused(tmp_path: Path) -> None:
    with (
        server_named("packages.example", tmp_path) as url,
        open_http(url, token=TOKEN) as platform,
        pytest.raises(UnreachableError, match=r"not trusted: .*127\.0\.0\.1"),
    ):
        platform.packages()
