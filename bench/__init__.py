"""Measurements of the whole product against its bars. Run with ``python -m bench``; never part of the tests."""
