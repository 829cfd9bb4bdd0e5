"""The API of reviews: what the pages show, masked as there, and the same verbs behind it."""
