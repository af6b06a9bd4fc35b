"""What the benchmark of the field app is made of: the wire, the pages, the node's own work."""
