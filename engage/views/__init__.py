"""Pages of threads, drafts, publications and history. A view makes one call to a verb."""
