"""Indexes: all a person has of one feature, proven whole."""
