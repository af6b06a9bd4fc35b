"""Enrolling phones, taking in and opening what they sealed, operations."""
