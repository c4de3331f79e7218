"""Whether a desk is open at a moment. Pure.

Days off are those of the country's calendar that nobody works on: the public ones and, where the calendar
knows any, the customary ones (in Sweden Midsummer Eve, Christmas Eve and New Year's Eve).
"""

from datetime import date, datetime
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

import holidays

from domain.desks import WEEKDAYS, OpeningHours, Span

Closed = Literal["hours", "holiday", "closed_day"]

_DAYS_OFF = ("public", "de_facto")


def why_closed(hours: OpeningHours, at: datetime) -> Closed | None:
    """Why nobody answers at this moment; None where somebody does. `at` has a time zone."""
    local = at.astimezone(ZoneInfo(hours.time_zone))
    if local.date().isoformat() in hours.closed_days:
        return "closed_day"
    if hours.holidays and local.date() in days_off(hours.holidays, local.year):
        return "holiday"
    if hours.spans and not any(_is_in(span, local) for span in hours.spans):
        return "hours"
    return None


@lru_cache(maxsize=32)
def days_off(country: str, year: int) -> frozenset[date]:
    """The country's days off in this year. Raises NotImplementedError for a country without a calendar."""
    supported = holidays.country_holidays(country).supported_categories
    categories = tuple(each for each in _DAYS_OFF if each in supported)
    return frozenset(holidays.country_holidays(country, years=year, categories=categories))


def _is_in(span: Span, local: datetime) -> bool:
    # As text: `HH:MM` sorts as the clock goes, and 24:00 comes after every time of the day.
    return WEEKDAYS[local.weekday()] in span.days and span.opens <= local.strftime("%H:%M") < span.closes
