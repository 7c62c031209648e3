"""The one place that imports httpx: a single exchange, sent once."""

from __future__ import annotations

import ssl
import threading
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Final

import httpcore
import httpx

from reconciler import __version__
from reconciler.live.http.decoding import decoded
from reconciler.live.http.exchange import LostError, Reply
from reconciler.live.http.sockets import DeadlineBackend
from reconciler.model.hosts import Host
from reconciler.wire import paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.live.http.exchange import Request

_IDLE_SECONDS: Final = 4.0
_PIECE: Final = 2**16
_USUAL_PORTS: Final = {"http": 80, "https": 443}
_LAST_PORT: Final = 65_535
_TRUST: Final = "Check the address; name the certificate of an authority of your own in SSL_CERT_FILE."
_UNSENDABLE: Final = "Check the address, and that the token is visible ASCII on one line."
_NEVER_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class Transport:
    """Sends requests to one server. Each thread has a client of its own: they do not scale when shared."""

    def __init__(self, base: str, token: str | None) -> None:
        self._base = base.rstrip("/")
        self._token = token
        self._headers = {"User-Agent": f"reconciler/{__version__}", "Accept-Encoding": "gzip"}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"
        self._tls = ssl.create_default_context() if base.startswith("https:") else None
        self._of_thread = threading.local()
        self._clients: list[httpx.Client] = []

    def send(self, request: Request, deadline: float, most: int) -> Reply:
        """Send once and return the whole answer; raises `LostError` or `TooMuchError`."""
        with self.sending(request, deadline, most) as (reply, pieces):
            return Reply(reply.status, reply.headers, b"".join(pieces))

    @contextmanager
    def sending(
        self, request: Request, deadline: float, most: int
    ) -> Iterator[tuple[Reply, Iterator[bytes]]]:
        """Send once; give the answer's head at once, and its body, decoded, as it comes."""
        with self._translated(), self._stream(request, deadline) as response:
            head = Reply(response.status_code, dict(response.headers), b"")
            encoding = head.headers.get("content-encoding", "").lower()
            yield head, decoded(response.iter_raw(_PIECE), encoding, most)

    def hidden(self, text: str) -> str:
        """Return a text of the server's without the token, which some send back in what they refuse."""
        return text if self._token is None else text.replace(self._token, "***")

    def close(self) -> None:
        """Close every thread's connections."""
        for client in self._clients:
            client.close()

    @contextmanager
    def _stream(self, request: Request, deadline: float) -> Iterator[httpx.Response]:
        headers = {"Accept": f"{paths.JSON}, {paths.LINES}, {paths.PROBLEM}", **request.headers}
        if request.body is not None:
            headers["Content-Type"] = request.body_type
        if request.key is not None:
            headers[paths.IDEMPOTENCY_KEY] = request.key
        with self._client().stream(
            request.method,
            self._base + request.path,
            params=dict(request.query),
            content=_content(request.body),
            headers=headers,
            timeout=deadline,
        ) as response:
            yield response

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except _NEVER_SENT as error:
            fault = _certificate_fault(error)
            if fault is not None:
                raise LostError(
                    f"its certificate is not trusted: {fault}", sent=False, remedy=_TRUST
                ) from error
            raise LostError(self.hidden(str(error)) or "no connection", sent=False) from error
        except (httpx.LocalProtocolError, UnicodeError) as error:  # their texts quote the token
            raise LostError("the request cannot be sent as it is", sent=False, remedy=_UNSENDABLE) from error
        except httpx.TransportError as error:
            raise LostError(self.hidden(str(error)) or type(error).__name__, sent=True) from error
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise LostError(f"the address cannot be used: {error}", sent=False) from error

    def _client(self) -> httpx.Client:
        client: httpx.Client | None = getattr(self._of_thread, "client", None)
        if client is None:
            client = _new_client(self._headers, self._tls)
            self._of_thread.client = client
            self._clients.append(client)
        return client


def host_in(address: str) -> Host | None:
    r"""Return the host that the client would connect to; None for what is no address of a server.

    Parsers differ: what is `b` in https://a\@b for this one is `a` for others.
    """
    try:
        url = httpx.URL(address)
        usual = _USUAL_PORTS[url.scheme]
        name, port = url.raw_host.decode("ascii"), usual if url.port is None else url.port
    except (httpx.InvalidURL, KeyError, UnicodeError):
        return None
    is_address = bool(name) and 0 < port <= _LAST_PORT and not (url.userinfo or url.query or url.fragment)
    return Host.of(name, port, usual) if is_address else None


def _new_client(headers: dict[str, str], tls: ssl.SSLContext | None) -> httpx.Client:
    transport = httpx.HTTPTransport(verify=tls or False)
    # httpx has no public way to choose the network backend, which is what keeps a call's deadline.
    transport._pool = httpcore.ConnectionPool(  # noqa: SLF001 - see above
        ssl_context=tls, keepalive_expiry=_IDLE_SECONDS, network_backend=DeadlineBackend()
    )
    return httpx.Client(headers=headers, transport=transport, trust_env=False, follow_redirects=False)


def _certificate_fault(error: BaseException | None) -> str | None:
    """Return what is wrong with the server's certificate; None where the failure was another one."""
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return None if error is None else error.verify_message.rstrip(".")


def _content(body: bytes | IO[bytes] | None) -> bytes | Iterator[bytes] | None:
    if body is None or isinstance(body, bytes):
        return body
    body.seek(0)
    return iter(lambda: body.read(_PIECE), b"")
