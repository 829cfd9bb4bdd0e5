from django.apps import AppConfig


class EngageConfig(AppConfig):
    name = "engage"

    def ready(self) -> None:
        from engage import checks  # noqa: F401  (it registers the system checks)
