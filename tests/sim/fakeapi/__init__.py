"""A small fake of the Kubernetes API server, held to the same conformance suite as the real one."""

from tests.sim.fakeapi.faults import Call, Fault, Faults
from tests.sim.fakeapi.server import FakeApi

__all__ = ["Call", "FakeApi", "Fault", "Faults"]
