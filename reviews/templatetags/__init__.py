"""What templates may show of this package."""
