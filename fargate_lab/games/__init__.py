"""Game days on this machine: their folders, the worlds of their teams, scores and reports."""
