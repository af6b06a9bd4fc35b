"""Charts and the flow map as SVG made by the server, each with the table that it draws."""
