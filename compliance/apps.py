from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class ComplianceConfig(AppConfig):
    name = "compliance"

    def ready(self) -> None:
        from compliance import checks  # noqa: F401  (registers the system checks)
        from compliance.scanners.identifiers.choice import Choice, Engine, choose

        try:
            english = Choice(
                model=settings.IDENTIFIERS_MODEL,
                engine=Engine(settings.IDENTIFIERS_ENGINE),
                recall_bias=settings.IDENTIFIERS_RECALL_BIAS,
                thresholds=settings.IDENTIFIERS_THRESHOLDS,
            )
            others = []
            for language, value in settings.IDENTIFIERS_LANGUAGES.items():
                engine, _, model = value.partition(":")
                others.append(Choice(model=model, engine=Engine(engine), language=language))
            choose(english, *others)
        except ValueError as error:
            raise ImproperlyConfigured(f"IDENTIFIERS_...: {error}") from None
