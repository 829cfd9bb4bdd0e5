"""The one visible list of routes that need no sign-in (law 10). A test walks all others."""

# The API sends nobody to the sign-in page: each of its routes asks for a token or a session itself.
API = frozenset(
    {
        "api_posts",
        "api_reviews",
        "api_review",
        "api_dispose",
        "api_remark",
        "api_sign",
        "api_send_back",
        "api_refuse",
        "api_withdraw",
        "api_confirm",
        "api_claim",
        "api_release",
        "api_assign",
    }
)
# What a platform pushes is signed with the secret of its community.
SIGNED = frozenset({"api_push"})
# Who is half signed in gives the second factor: the pages see to that themselves.
EXEMPT = frozenset({"sign_in", "second_step", "ask_for_passkey", "health", *API, *SIGNED})
