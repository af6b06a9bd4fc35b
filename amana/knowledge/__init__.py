"""Figures that can be published without exposing anyone."""
