"""The embedded platform: the rules of the domain over a store in this process.

Every public method is one transaction, and checks inside it whatever it depends on. SQL stays in `store`.
"""

from reconciler.live.embedded.platform import EmbeddedPlatform
from reconciler.live.embedded.tokens import EmbeddedTokens

__all__ = ["EmbeddedPlatform", "EmbeddedTokens"]
