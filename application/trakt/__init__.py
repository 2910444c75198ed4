"""Trakt in its own words: rows and how they are read, one request, pages, tokens."""
