"""Two nodes that exchange, and what no exchange can leave out."""
