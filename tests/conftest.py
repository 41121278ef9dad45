"""What all tests share: how many examples a property gets, and that a busy machine fails none."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "unit", deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("prove", settings.get_profile("unit"), max_examples=300)
settings.load_profile("unit")
