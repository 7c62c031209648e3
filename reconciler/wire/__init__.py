"""The platform over HTTP, as both ends see it: paths, headers, bodies, problems. Pure: no server, no client.

Bodies mirror the nouns of `model`: `Body.of(noun)` makes one, `.value()` gives the noun back. What is sent is
checked to the last key; what is answered may gain keys. `server` and `live/http` import this, and never
each other.
"""
