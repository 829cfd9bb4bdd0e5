"""The one visible list of routes that need no sign-in (law 10). A test walks all others."""

EXEMPT = frozenset({"sign_in", "health", "api_posts"})  # the API asks for its own token
