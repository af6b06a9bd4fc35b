"""The shared design of every page: base template, style sheet, small parts, safe filters."""
