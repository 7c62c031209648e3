from tests.messages import messages, untold


def test_every_message_of_an_error_or_a_finding_is_listed_for_reading() -> None:
    found = list(messages())
    texts = [message.text for message in found]

    assert len(found) > 300
    assert any(message.kind == "StaleError" and message.is_told for message in found)
    assert [text for text in texts if "  " in text] == []


def test_a_new_message_comes_with_a_test_that_tells_it() -> None:
    assert sorted(untold()) == []
