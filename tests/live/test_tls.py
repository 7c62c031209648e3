"""Over TLS: whom to trust is decided before a token is sent."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import trustme

from reconciler.errors import InvalidError, UnreachableError
from reconciler.live.http.messages import Limits
from reconciler.live.http.platform import open_http
from reconciler.live.http.transport import Transport, proxy_for
from reconciler.live.opening import open_served
from reconciler.model.settings import Trust
from reconciler.server.app import application
from tests.builders import NOON, definition
from tests.proxying import proxy_to
from tests.servers import running, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AUTHORITY = trustme.CA()
TOKEN = "t0ken"  # noqa: S105 - of no server


@contextmanager
def server_named(name: str, folder: Path, clients_of: Path | None = None) -> Iterator[str]:
    certificate = folder / "server.pem"
    AUTHORITY.issue_cert(name).private_key_and_cert_chain_pem.write_to_path(certificate)
    with open_served("sqlite:///platform.db", root=folder) as (platform, _):
        platform.edit_package("basic", definition(), NOON)
        with running(application(served(platform)), certificate, clients_of) as url:
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


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    file = tmp_path / "ca.pem"
    AUTHORITY.cert_pem.write_to_path(file)
    return file


def test_the_authority_may_be_named_by_the_configuration(tmp_path: Path, authority: Path) -> None:
    trust = Trust(ca_file=str(authority))

    with server_named("127.0.0.1", tmp_path) as url, open_http(url, token=TOKEN, trust=trust) as platform:
        assert [head.key for head in platform.packages()] == ["basic"]


@pytest.mark.parametrize("apart", [True, False])
def test_a_client_shows_its_own_certificate(tmp_path: Path, authority: Path, *, apart: bool) -> None:
    own = AUTHORITY.issue_cert("ci@acme.example")
    both, key = tmp_path / "client.pem", tmp_path / "client.key"
    own.private_key_and_cert_chain_pem.write_to_path(both)
    own.private_key_pem.write_to_path(key)
    trust = Trust(str(authority), str(both), str(key) if apart else None)

    with server_named("127.0.0.1", tmp_path, clients_of=authority) as url:
        with open_http(url, token=TOKEN, trust=trust) as platform:
            assert [head.key for head in platform.packages()] == ["basic"]
        with (
            open_http(url, token=TOKEN, trust=Trust(str(authority)), limits=Limits(tries=1)) as stranger,
            pytest.raises(UnreachableError),
        ):
            stranger.packages()


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_a_file_that_holds_no_certificate_is_named(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)

    with pytest.raises(UnreachableError, match=r"ca\.pem cannot be used"):
        Transport("https://packages.example", TOKEN, Trust(ca_file=str(file)))


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_a_proxy_passes_on_what_it_cannot_read(
    tmp_path: Path, authority: Path, shell: pytest.MonkeyPatch
) -> None:
    with server_named("192.0.2.7", tmp_path) as url, proxy_to(url) as proxy:
        shell.setenv("HTTPS_PROXY", proxy.url)
        there = "https://192.0.2.7:8443"
        with open_http(there, token=TOKEN, trust=Trust(str(authority))) as platform:
            keys = [head.key for head in platform.packages()]

    assert keys == ["basic"]
    assert {head.split("\r\n")[0] for head in proxy.asked} == {"CONNECT 192.0.2.7:8443 HTTP/1.1"}
    assert all("Proxy-Authorization: Basic" in head and TOKEN not in head for head in proxy.asked)


@pytest.mark.parametrize(
    ("name", "left_out"), [("packages.example", "packages.example"), ("127.0.0.1", ""), ("localhost", "")]
)
def test_no_proxy_is_asked_for_this_machine_or_what_is_left_out(
    shell: pytest.MonkeyPatch, name: str, left_out: str
) -> None:
    shell.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    shell.setenv("NO_PROXY", left_out)

    assert proxy_for(f"https://{name}") is None


def test_what_is_not_encrypted_asks_no_proxy(shell: pytest.MonkeyPatch) -> None:
    shell.setenv("HTTP_PROXY", "http://proxy.example:3128")

    assert proxy_for("http://packages.example") is None


def test_a_proxy_that_refuses_is_named_as_the_reason(
    tmp_path: Path, authority: Path, shell: pytest.MonkeyPatch
) -> None:
    del tmp_path
    with proxy_to("", b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n") as proxy:
        shell.setenv("HTTPS_PROXY", proxy.url)
        once, trust = Limits(tries=1), Trust(str(authority))
        with (
            open_http("https://packages.example", token=TOKEN, limits=once, trust=trust) as platform,
            pytest.raises(UnreachableError, match="407 Proxy Authentication Required") as caught,
        ):
            platform.packages()

    assert "s3cret" not in str(caught.value)


def test_a_proxy_that_cannot_be_used_is_refused(shell: pytest.MonkeyPatch) -> None:
    shell.setenv("HTTPS_PROXY", "socks5://proxy.example:1080")

    with pytest.raises(InvalidError, match="HTTPS_PROXY"):
        proxy_for("https://packages.example")
