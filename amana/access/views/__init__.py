"""The pages of this room: the door, a person's own ways in, recovery, and who works here."""
