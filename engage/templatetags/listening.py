"""How listening goes, in words."""

from __future__ import annotations

from django import template

from engage.connectors.words import in_words

register = template.Library()
register.filter("in_words", in_words)
