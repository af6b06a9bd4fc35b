"""One country's node: from a screening in the field to an answer from the other country."""
