"""What all tests share: hypothesis never fails because the machine is busy."""

from hypothesis import settings

settings.register_profile("plumbline", deadline=None)
settings.load_profile("plumbline")
