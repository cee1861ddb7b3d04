"""A lab: lab.yaml says what it is, guide.md teaches it, checks.py proves it."""
