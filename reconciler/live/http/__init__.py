"""A platform behind the HTTP API: the port over requests.

`transport` alone imports httpcore. What comes from the network is hostile until it was checked: time, bytes,
types and completeness are bounded, and a write is done at most once whatever happens on the way.
"""

from reconciler.live.http.platform import host_of, open_http

__all__ = ["host_of", "open_http"]
