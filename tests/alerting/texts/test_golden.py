"""The texts as people get them, compared with committed files; `golden.py` tells how they are written anew."""

import pytest

from tests.alerting.texts.golden import FOLDER, LANGUAGES, SHOWN, golden, path


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", SHOWN)
def test_the_texts_are_those_that_were_read_and_committed(language, channel):
    """Every occasion, level and sort of alert reads as in the golden file."""
    assert golden(language, channel) == path(language, channel).read_text(encoding="utf-8")


def test_no_golden_file_is_left_over():
    """Each committed file is one that is compared."""
    assert {file.name for file in FOLDER.iterdir()} == {path(one, other).name for one in LANGUAGES for other in SHOWN}
