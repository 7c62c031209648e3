"""A platform over HTTP, for whoever has a token: routes over the port, and nothing of the domain.

Stateless: whatever outlives a request is in the platform, so that several servers may share one. Rules live
behind the port; here are conditions, keys, limits, and who may do what.
"""
