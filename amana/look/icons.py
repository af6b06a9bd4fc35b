"""The drawings: simple strokes on a square of 24, each a tuple of path data."""

PATHS: dict[str, tuple[str, ...]] = {
    "envelope-sealed": ("M3 5.5h18v13H3z", "M3.5 6.5l8.5 7 8.5-7"),
    "envelope-open": ("M3 10l9-7 9 7v11H3z", "M3 10l9 7 9-7"),
    "check": ("M4 12.5l5.5 5.5L20 7",),
    "clock": ("M12 3a9 9 0 1 0 .01 0z", "M12 7.5V12l3.5 2.5"),
    "silence": ("M5 12h.01", "M12 12h.01", "M19 12h.01"),
    "shield": ("M12 3l8 3v6c0 4.5-3.4 7.6-8 9-4.6-1.4-8-4.5-8-9V6z",),
    "child": (
        "M12 4a2.5 2.5 0 1 0 .01 0z",
        "M7 12c2 1.3 8 1.3 10 0",
        "M9 21v-5.5h6V21",
        "M12 13v2.5",
    ),
    "person": ("M12 3.5a4 4 0 1 0 .01 0z", "M4.5 21c0-4.5 3.2-7 7.5-7s7.5 2.5 7.5 7"),
    "people": (
        "M9 5a3.5 3.5 0 1 0 .01 0z",
        "M2.5 20c0-4 2.7-6 6.5-6s6.5 2 6.5 6",
        "M16 5.300a3.3 3.3 0 0 1 0 6.4",
        "M18 14.5c2.3.7 3.5 2.6 3.5 5.5",
    ),
    "road": ("M8 3L4 21", "M16 3l4 18", "M12 4v3", "M12 10.5v3", "M12 17v3"),
    "arrow": ("M4 12h16", "M14 6l6 6-6 6"),
    "lock": ("M5 11h14v10H5z", "M8 11V7.5a4 4 0 0 1 8 0V11"),
    "exit": ("M14 4H5v16h9", "M10 12h11", "M17 8l4 4-4 4"),
    "language": (
        "M12 3a9 9 0 1 0 .01 0z",
        "M3 12h18",
        "M12 3c-5 5-5 13 0 18",
        "M12 3c5 5 5 13 0 18",
    ),
    "warning-soft": ("M12 4L2.5 20h19z", "M12 10v5", "M12 17.700h.01"),
    "pen": ("M4 20l1-4.5L16 4.5l3.5 3.5-11 11z",),
    "paper": ("M6 3h9l4 4v14H6z", "M9 12h7", "M9 16h7"),
    # The shapes of a status, so that colour is never alone.
    "tone-calm": ("M12 5a7 7 0 1 0 .01 0z",),
    "tone-attention": ("M12 4.5L3 19.5h18z",),
    "tone-urgent": ("M12 2.5l9.5 9.5-9.5 9.5L2.5 12z", "M12 7.5v5.5", "M12 16.5h.01"),
    "tone-done": ("M4 12.5l5.5 5.5L20 7",),
    "tone-waiting": ("M12 4a8 8 0 1 0 .01 0z", "M12 8v4h3.5"),
}

MIRRORED = frozenset({"arrow", "exit"})
