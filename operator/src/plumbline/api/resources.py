"""The resources of other groups that Plumbline creates or reads."""

from plumbline.api.objects import Resource

JOB = Resource("batch", "v1", "Job", "jobs")
DEPLOYMENT = Resource("apps", "v1", "Deployment", "deployments")
SERVICE = Resource("", "v1", "Service", "services")
CONFIG_MAP = Resource("", "v1", "ConfigMap", "configmaps")
POD = Resource("", "v1", "Pod", "pods")
POD_DISRUPTION_BUDGET = Resource("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets")

CHILD_BY_KIND = {
    (each.api_version, each.kind): each
    for each in (JOB, DEPLOYMENT, SERVICE, CONFIG_MAP, POD, POD_DISRUPTION_BUDGET)
}
"""The resource of an object by its apiVersion and kind."""
