import pytest

from tests.render.pictures import TOUR, digest, pages


@pytest.mark.parametrize("name", pages())
def test_the_pictures_of_the_tour_are_of_what_the_program_makes(name: str) -> None:
    """`python -m tests.render.pictures` makes them anew; look at them before you commit them."""
    made_of = (TOUR / f"{name}.sha256").read_text(encoding="utf-8").strip()

    assert made_of == digest(pages()[name])
    assert (TOUR / f"{name}.png").read_bytes().startswith(b"\x89PNG")
