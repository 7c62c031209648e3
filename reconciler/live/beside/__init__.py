"""A platform made of a product that is not ours, and of a store of ours beside it.

The product has the packages and who holds them, and is always right about both; the store has what it has no
place for: runs, lineage, guards, catalog, events. `product` is all that an adapter implements.
"""

from reconciler.live.beside.opening import address_of, open_beside
from reconciler.live.beside.product import Package, Product, Seen

__all__ = ["Package", "Product", "Seen", "address_of", "open_beside"]
