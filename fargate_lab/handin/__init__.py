"""Handing in: one signed file with what a learner did alone, and the teacher's look at it.

`collect` gathers, `package` lays out, `form` signs and opens. `judge` lives through each recording again and grades it anew, in a process
of its own; nothing that a file claims is believed. What a signature proves and what it does not: docs/handing-in.md.
"""
