from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "reviews"

    def ready(self) -> None:
        from compliance import ledger
        from reviews import checks, notices  # noqa: F401  (checks registers the system checks)

        if notices.tell not in ledger.LISTENERS:
            ledger.LISTENERS.append(notices.tell)
