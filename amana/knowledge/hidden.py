"""How many nobody has seen: multiple systems estimation, with its interval and its warnings."""
