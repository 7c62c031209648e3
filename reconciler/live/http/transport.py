"""The one place that imports httpx: a single exchange, sent once."""

from __future__ import annotations

import ssl
import threading
import time
import zlib
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

from reconciler import __version__
from reconciler.errors import InvalidError, UnreachableError
from reconciler.live.http.messages import LostError, Reply, TooMuchError
from reconciler.model.hosts import Host
from reconciler.model.secrets import hiding
from reconciler.model.settings import TRUST_OF_SYSTEM, Trust
from reconciler.wire import paths

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.live.http.messages import Request

_PIECE: Final = 2**16
_GZIP: Final = 31
_IDLE_SECONDS: Final = 4.0
_USUAL_PORTS: Final = {"http": 80, "https": 443}
_LAST_PORT: Final = 65_535
_TRUST: Final = (
    "Check the address; name the certificate of an authority of your own in `ca_file` or SSL_CERT_FILE."
)
_ENCRYPTION: Final = (
    "Both ends must speak TLS, of one version: check the address, and what stands in between."
)
_UNSENDABLE: Final = "Check the address, and that the token is visible ASCII on one line."
_NEVER_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


class DeadlineBackend(httpcore.NetworkBackend):
    """Opens connections whose timeouts are instants: a peer cannot stretch a call by a byte at a time.

    httpx knows timeouts per read and per write only. Here the "timeout" of an operation is the instant, on
    the monotonic clock, at which the whole call must be over.
    """

    def __init__(self) -> None:
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect before the deadline."""
        left = _left(timeout, httpcore.ConnectTimeout)
        return DeadlineStream(self._backend.connect_tcp(host, port, left, local_address, socket_options))


class DeadlineStream(httpcore.NetworkStream):
    """A connection on which every operation ends at its deadline."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read some bytes before the deadline."""
        return self._stream.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all before the deadline, piece by piece."""
        for start in range(0, len(buffer), _PIECE):
            piece = buffer[start : start + _PIECE]
            self._stream.write(piece, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """Encrypt before the deadline."""
        left = _left(timeout, httpcore.ConnectTimeout)
        return DeadlineStream(self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        """Return what the connection knows of itself."""
        return self._stream.get_extra_info(info)


def _left(deadline: float | None, error: type[httpcore.TimeoutException]) -> float | None:
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise error("the call took too long")
    return left


def decoded(pieces: Iterable[bytes], encoding: str, most: int) -> Iterator[bytes]:
    """Give the body in pieces; raise `TooMuchError` beyond `most` bytes, `LostError` where it is cut."""
    match encoding:
        case "" | "identity":
            plain = iter(pieces)
        case "gzip":
            plain = _unzipped(pieces)
        case _:
            raise LostError("the answer has an encoding that was not asked for", sent=True)
    left = most
    for piece in plain:
        left -= len(piece)
        if left < 0:
            raise TooMuchError(f"the answer has more than {most:,} bytes")
        yield piece


def lines_of(pieces: Iterable[bytes], most: int) -> Iterator[bytes]:
    """Cut a body into lines; raise `TooMuchError` for one of more than `most` bytes."""
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        yield from lines
        if len(rest) > most:
            raise TooMuchError(f"a line of the answer has more than {most:,} bytes")
    if rest:
        yield rest


def _unzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    unzip = zlib.decompressobj(_GZIP)
    try:
        for piece in pieces:
            packed = piece
            while packed and not unzip.eof:
                yield unzip.decompress(packed, _PIECE)
                packed = unzip.unconsumed_tail
    except zlib.error as error:
        raise LostError(f"the answer is damaged: {error}", sent=True) from error
    if not unzip.eof:
        raise LostError("the answer ends in the middle", sent=True)


class Transport:
    """Sends requests to one server. Each thread has a client of its own: they do not scale when shared."""

    def __init__(self, base: str, token: str | None, trust: Trust = TRUST_OF_SYSTEM) -> None:
        self._base = base.rstrip("/")
        self._token = token
        self._headers = {"User-Agent": f"reconciler/{__version__}", "Accept-Encoding": "gzip"}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"
        self._tls = _trusting(trust) if base.startswith("https:") else None
        self._proxy = proxy_for(base)
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
        return text if self._token is None else hiding(text, self._token)

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
            remedy = _ENCRYPTION if _is_of_tls(error) else ""
            raise LostError(self.hidden(str(error)) or "no connection", sent=False, remedy=remedy) from error
        except (httpx.LocalProtocolError, UnicodeError) as error:  # their texts quote the token
            raise LostError("the request cannot be sent as it is", sent=False, remedy=_UNSENDABLE) from error
        except httpx.TransportError as error:
            raise LostError(self.hidden(str(error)) or type(error).__name__, sent=True) from error
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise LostError(f"the address cannot be used: {error}", sent=False) from error

    def _client(self) -> httpx.Client:
        client: httpx.Client | None = getattr(self._of_thread, "client", None)
        if client is None:
            client = _new_client(self._headers, _pool(self._tls, self._proxy))
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


def _new_client(headers: dict[str, str], pool: httpcore.ConnectionPool) -> httpx.Client:
    transport = httpx.HTTPTransport(verify=False)
    # httpx has no public way to choose the network backend, which is what keeps a call's deadline.
    transport._pool = pool  # noqa: SLF001 - see above
    return httpx.Client(headers=headers, transport=transport, trust_env=False, follow_redirects=False)


def _pool(tls: ssl.SSLContext | None, proxy: str | None) -> httpcore.ConnectionPool:
    more: dict[str, Any] = {
        "ssl_context": tls,
        "keepalive_expiry": _IDLE_SECONDS,
        "network_backend": DeadlineBackend(),
    }
    if proxy is None:
        return httpcore.ConnectionPool(**more)
    address = httpx.Proxy(proxy)
    return httpcore.HTTPProxy(proxy_url=str(address.url), proxy_auth=address.raw_auth, **more)


def proxy_for(base: str) -> str | None:
    """Return the proxy that `HTTPS_PROXY` names, unless `NO_PROXY` takes the host out; None: none.

    What is encrypted goes through it as it is, so that it sees no token. What is not encrypted never leaves
    this machine, and asks no proxy. Raises `InvalidError` for a proxy that is no address.
    """
    host = host_in(base)
    if host is None or host.is_here or not base.startswith("https:") or proxy_bypass(host.name):
        return None
    proxy = getproxies().get("https")
    if proxy is None or urlsplit(proxy).scheme in {"http", "https"}:
        return proxy
    raise InvalidError(
        "HTTPS_PROXY names no proxy that can be used",
        hint="Write http:// or https:// with a host and a port, or name the platform's host in NO_PROXY.",
    )


def _trusting(trust: Trust) -> ssl.SSLContext:
    """Return whom to trust and what to show; raises `UnreachableError` for a file that cannot be used."""
    file = trust.ca_file or ""
    try:
        context = ssl.create_default_context(cafile=trust.ca_file)
        if trust.client_cert is not None:
            file = trust.client_cert
            context.load_cert_chain(trust.client_cert, trust.client_key, password=_no_password)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it has no such thing"
        raise UnreachableError(
            f"{file} cannot be used: {reason}.",
            hint="Check `ca_file`, `client_cert` and `client_key` in reconciler.yaml: certificates and an "
            "unencrypted key, as PEM.",
        ) from error
    return context


def _no_password() -> str:
    raise ValueError("the key is encrypted")


def _is_of_tls(error: BaseException | None) -> bool:
    """Whether both ends could not agree how to encrypt, so that trying again changes nothing."""
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    return error is not None and not isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError)


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
