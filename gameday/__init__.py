"""Game days: scenarios, the runner that lets them happen, scores and reports. Knows labs and faults, no screen and no simulator."""
