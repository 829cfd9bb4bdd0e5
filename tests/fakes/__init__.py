"""Fakes of platforms that can't be had: each follows the platform's documentation, and says so."""
