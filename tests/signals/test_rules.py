"""By which rules the shipped instruments' streams are watched, under every alarm budget."""

from typing import Final

import pytest

from app.instruments.definitions import Definition, shipped
from app.signal_settings.schemas import FEWEST_ALERTS, MOST_ALERTS
from app.signals.rules import rules_for
from app.tenants.signal_settings import ParameterSet, SignalSettings

NEWEST: Final = [revisions[-1] for revisions in shipped().definitions.values()]
FORMS: Final = [(one, form) for one in NEWEST for form in one.forms]
every_form = pytest.mark.parametrize(
    ("definition", "form"), FORMS, ids=[f"{one.instrument}-{form}" for one, form in FORMS]
)


@every_form
@pytest.mark.parametrize("alerts", [FEWEST_ALERTS, 3.0, MOST_ALERTS])
def test_every_budget_that_can_be_set_gives_limits(
    definition: Definition, form: str, alerts: float
) -> None:
    rules = rules_for(definition, form, "en", SignalSettings(1, alerts))
    for rule in rules.scales.values():
        assert rule.limits.watch <= rule.limits.alert
        assert rule.limits.alerts_per_100 == alerts


@every_form
def test_only_decision_scales_are_watched(definition: Definition, form: str) -> None:
    rules = rules_for(definition, form, "en", SignalSettings())
    scales = definition.forms[form].key.scales
    assert set(rules.scales) == {scale.id for scale in scales if scale.use == "decision"}


@every_form
def test_a_larger_budget_never_asks_for_more(definition: Definition, form: str) -> None:
    few, many = (
        rules_for(definition, form, "en", SignalSettings(1, alerts)).scales
        for alerts in (FEWEST_ALERTS, MOST_ALERTS)
    )
    for scale in few:
        assert few[scale].limits.alert >= many[scale].limits.alert
        assert few[scale].limits.watch >= many[scale].limits.watch


def test_a_tenants_own_parameters_stand_in_for_the_assumption() -> None:
    values = (("mean", 3.5), ("within_sd", 0.7))
    own = ParameterSet("wai-sr-2006", "client", "total", None, values, 400, 4000, "Fitted.")
    settings = SignalSettings(4, 3.0, (own,))
    definition = shipped().definition("wai-sr-2006")
    rules = rules_for(definition, "client", "de", settings)
    total = rules.scales["total"]
    assert (total.parameters.mean, total.parameters.within_sd) == (3.5, 0.7)
    assert (total.parameter_source, rules.scales["bond"].parameter_source) != ("tenant", "tenant")
    assert total.parameter_source == "tenant"
    assert rules.version != rules_for(definition, "client", "de", SignalSettings()).version
