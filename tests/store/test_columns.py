"""How values are kept: digests of documents that were written by earlier versions must stay what they are."""

from __future__ import annotations

import hashlib
import json

from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.packages import canonical_json, digest_of

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda parts: st.lists(parts) | st.lists(parts).map(tuple) | st.dictionaries(TEXTS, parts),
    max_leaves=20,
)


@given(DOCUMENTS)
def test_a_document_without_fractions_is_the_text_that_python_itself_writes(document: object) -> None:
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    assert canonical_json(document) == text
    assert digest_of(document) == f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
