"""The one place that imports httpcore: a single exchange, sent once."""

from __future__ import annotations

import re
import ssl
import threading
import time
import zlib
from contextlib import contextmanager
from functools import cached_property
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import quote, unquote, urlencode, urlsplit

import httpcore
from msgspec import Struct

from reconciler import __version__
from reconciler.errors import InvalidError, UnreachableError
from reconciler.live.http.messages import LostError, Reply, TooMuchError
from reconciler.model.hosts import Host
from reconciler.model.secrets import hiding
from reconciler.model.settings import TRUST_OF_SYSTEM, Trust
from reconciler.wire import paths

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager

    from reconciler.live.http.messages import Request

_PIECE: Final = 2**16
_GZIP: Final = 31
_IDLE_SECONDS: Final = 4.0
_WAITS: Final = ("connect", "read", "write")
_USUAL_PORTS: Final = {"http": 80, "https": 443}
_NAME: Final = re.compile(r"[\w.~-]+", re.ASCII)
_IN_A_PATH: Final = "/%:@!$&'()*+,;=~"
_TRUST: Final = (
    "Check the address; name the certificate of an authority of your own in `ca_file` or SSL_CERT_FILE."
)
_ENCRYPTION: Final = (
    "Both ends must speak TLS, of one version: check the address, and what stands in between."
)
_UNSENDABLE: Final = "Check the address, and that the token is visible ASCII on one line."
_NEVER_SENT: Final = (
    httpcore.ConnectError,
    httpcore.ConnectTimeout,
    httpcore.PoolTimeout,
    httpcore.ProxyError,
)
_BROKEN: Final = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError)


class DeadlineBackend(httpcore.NetworkBackend):
    """Opens connections whose timeouts are instants: a peer cannot stretch a call by a byte at a time.

    httpcore knows timeouts per read and per write only. Here the "timeout" of an operation is the instant, on
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


class _Address(Struct, frozen=True):
    """An address of a server: how it is connected to, and where its paths begin; a name is in ASCII."""

    scheme: str
    name: str
    port: int | None
    path: str

    @classmethod
    def of(cls, text: str) -> Self:
        """Read it; raises ValueError for what is no address of a server."""
        url = urlsplit(text)
        name = _in_ascii(url.hostname or "")
        is_one = text.isprintable() and text.startswith(("http://", "https://")) and url.port != 0
        if not is_one or "@" in url.netloc or url.query or url.fragment:
            raise ValueError("it is no address of a server")
        return cls(url.scheme, name, url.port, quote(url.path.rstrip("/"), _IN_A_PATH))

    @property
    def host(self) -> Host:
        return Host.of(self.name, self.port, _USUAL_PORTS[self.scheme])

    def url(self, request: Request) -> httpcore.URL:
        """Return where a request goes to."""
        path = self.path + quote(request.path, _IN_A_PATH) or "/"
        target = f"{path}?{urlencode(request.query)}" if request.query else path
        return httpcore.URL(scheme=self.scheme, host=self.name, port=self.port, target=target)


def _in_ascii(name: str) -> str:
    """Return the name of a host as DNS knows it; raises ValueError for what is none."""
    if ":" in name:
        ip_address(name)
    elif not name.isascii():
        import idna  # noqa: PLC0415 - its tables, for names that few have

        return idna.encode(name).decode()  # its errors are ValueErrors
    elif not _NAME.fullmatch(name):
        raise ValueError("it is no name of a host")
    return name


class Transport:
    """Sends requests to one server. Each thread has connections of its own: they do not scale when shared."""

    def __init__(self, base: str, token: str | None, trust: Trust = TRUST_OF_SYSTEM) -> None:
        self._base = base
        self._token = token
        self._headers = {
            "User-Agent": f"reconciler/{__version__}",
            "Accept-Encoding": "gzip",
            "Accept": f"{paths.JSON}, {paths.LINES}, {paths.PROBLEM}",
        }
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"
        self._tls = _trusting(trust) if base.startswith("https:") else None
        self._proxy = proxy_for(base)
        self._of_thread = threading.local()
        self._pools: list[httpcore.ConnectionPool] = []

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
            head = Reply(response.status, _read_headers(response.headers), b"")
            encoding = head.headers.get("content-encoding", "").lower()
            yield head, decoded(response.iter_stream(), encoding, most)

    def hidden(self, text: str) -> str:
        """Return a text of the server's without the token, which some send back in what they refuse."""
        return text if self._token is None else hiding(text, self._token)

    def close(self) -> None:
        """Close every thread's connections."""
        for pool in self._pools:
            pool.close()

    def _stream(self, request: Request, deadline: float) -> AbstractContextManager[httpcore.Response]:
        address = self._address
        headers = {"Host": str(address.host), **self._headers, **request.headers}
        if request.body is not None:
            headers["Content-Type"] = request.body_type
        if request.key is not None:
            headers[paths.IDEMPOTENCY_KEY] = request.key
        return self._pool.stream(
            request.method,
            address.url(request),
            headers=[(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()],
            content=_content(request),
            extensions={"timeout": dict.fromkeys(_WAITS, deadline)},
        )

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
        except (httpcore.LocalProtocolError, UnicodeError) as error:  # their texts quote the token
            raise LostError("the request cannot be sent as it is", sent=False, remedy=_UNSENDABLE) from error
        except _BROKEN as error:
            raise LostError(self.hidden(str(error)) or type(error).__name__, sent=True) from error

    @cached_property
    def _address(self) -> _Address:
        try:
            return _Address.of(self._base)
        except ValueError as error:
            raise LostError(f"the address cannot be used: {error}", sent=False) from error

    @property
    def _pool(self) -> httpcore.ConnectionPool:
        pool: httpcore.ConnectionPool | None = getattr(self._of_thread, "pool", None)
        if pool is None:
            pool = self._of_thread.pool = _new_pool(self._tls, self._proxy)
            self._pools.append(pool)
        return pool


def host_in(address: str) -> Host | None:
    r"""Return the host that the client would connect to; None for what is no address of a server.

    Parsers differ: what is `b` in https://a\@b for this one is `a` for others.
    """
    try:
        return _Address.of(address).host
    except ValueError:
        return None


def _read_headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return headers by their names in lower case; one that is sent twice has both values."""
    headers: dict[str, str] = {}
    for name, text in raw:
        key, value = name.lower().decode("ascii"), text.decode("latin-1")
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return headers


def _new_pool(tls: ssl.SSLContext | None, proxy: str | None) -> httpcore.ConnectionPool:
    more: dict[str, Any] = {
        "ssl_context": tls,
        "keepalive_expiry": _IDLE_SECONDS,
        "network_backend": DeadlineBackend(),
    }
    if proxy is None:
        return httpcore.ConnectionPool(**more)
    address, who = _proxy_in(proxy)
    url = httpcore.URL(scheme=address.scheme, host=address.name, port=address.port, target="/")
    return httpcore.HTTPProxy(proxy_url=url, proxy_auth=who, **more)


def _proxy_in(text: str) -> tuple[_Address, tuple[bytes, bytes] | None]:
    """Return where a proxy is, and as whom it is asked; raises ValueError for what is no address."""
    url = urlsplit(text)
    who = unquote(url.username or "").encode(), unquote(url.password or "").encode()
    bare = url._replace(netloc=url.netloc.rpartition("@")[2]).geturl()
    return _Address.of(bare), who if any(who) else None


def proxy_for(base: str) -> str | None:
    """Return the proxy that `HTTPS_PROXY` names, unless `NO_PROXY` takes the host out; None: none.

    What is encrypted goes through it as it is, so that it sees no token. What is not encrypted never leaves
    this machine, and asks no proxy. Raises `InvalidError` for a proxy that is no address.
    """
    host = host_in(base)
    if host is None or host.is_here or not base.startswith("https:"):
        return None
    from urllib.request import getproxies, proxy_bypass  # noqa: PLC0415 - slow to import

    proxy = None if proxy_bypass(host.name) else getproxies().get("https")
    try:
        if proxy is not None:
            _proxy_in(proxy)
    except ValueError as error:
        raise InvalidError(
            "HTTPS_PROXY names no proxy that can be used",
            hint="Write http:// or https:// with a host and a port, or name the platform's host in NO_PROXY.",
        ) from error
    return proxy


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


def _content(request: Request) -> bytes | Iterator[bytes] | None:
    body = request.body
    if body is None:
        return None if request.method == "GET" else b""
    if isinstance(body, bytes):
        return body
    body.seek(0)
    return iter(lambda: body.read(_PIECE), b"")
