"""The field app: phones without network, what they sealed, operations with many people at once."""
