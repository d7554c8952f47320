"""The home every story begins in: evening, two carers and a nurse on shift."""

import pytest

from tests.stories.house import House


@pytest.fixture
def home() -> House:
    """Nothing has happened yet."""
    return House()
