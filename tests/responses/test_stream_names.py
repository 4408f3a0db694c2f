"""The name of a stream, by which its state is found again: as it always was."""

import json

from hypothesis import given
from hypothesis import strategies as st

from app.responses.stream_state import Stream

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
parts = st.tuples(text, text, text | st.none(), text, text | st.none(), text, text, text, text)


@given(parts)
def test_a_stream_is_named_by_its_parts_as_compact_json(given_parts: tuple[str, ...]) -> None:
    stream = Stream(*given_parts)
    assert stream.name() == json.dumps(given_parts, ensure_ascii=False, separators=(",", ":"))
    assert Stream.named(stream.name()) == stream
