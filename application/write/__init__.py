"""Writes: every item handed in ends confirmed, existing, or unresolved with a reason."""
