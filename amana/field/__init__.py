"""The field: phones without a network, and operations where many people are seen at once."""
