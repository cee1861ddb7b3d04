"""Tokens of lists that come in pages."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fargate_sim.api.tokens import position_of, token_of


@given(position=st.integers(0, 10**9), key=st.text("abcdefgh:-", min_size=1))
def test_a_token_says_where_the_next_page_begins(position: int, key: str) -> None:
    assert position_of(token_of(key, position), key) == position


def test_without_a_token_a_list_begins_at_its_beginning() -> None:
    assert position_of(None, "tasks") == position_of("", "tasks") == 0


@pytest.mark.parametrize(
    "token", ["tasks", "dGFza3M=", token_of("services", 3), token_of("tasks", -1), "ä", "==="]
)
def test_any_other_token_is_refused(token: str) -> None:
    with pytest.raises(ValueError, match="not a token of tasks"):
        position_of(token, "tasks")


@given(token=st.text(max_size=60))
def test_no_text_makes_anything_but_a_position_or_a_value_error(token: str) -> None:
    with contextlib.suppress(ValueError):
        assert position_of(token, "tasks") >= 0
