"""Pages of people, reviews and safety. A view makes one call to a verb."""
