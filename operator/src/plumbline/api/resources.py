"""The kinds as the API server addresses them: ours, and those that ours make."""

from plumbline.api.meta import GROUP, VERSION
from plumbline.api.objects import Resource

DATASET = Resource(GROUP, VERSION, "Dataset", "datasets")
TRAINING_TEMPLATE = Resource(GROUP, VERSION, "TrainingTemplate", "trainingtemplates")
TRAINING_RUN = Resource(GROUP, VERSION, "TrainingRun", "trainingruns")
MODEL_DEPLOYMENT = Resource(GROUP, VERSION, "ModelDeployment", "modeldeployments")
DRIFT_MONITOR = Resource(GROUP, VERSION, "DriftMonitor", "driftmonitors")
OURS = (DATASET, TRAINING_TEMPLATE, TRAINING_RUN, MODEL_DEPLOYMENT, DRIFT_MONITOR)

JOB = Resource("batch", "v1", "Job", "jobs")
DEPLOYMENT = Resource("apps", "v1", "Deployment", "deployments")
SERVICE = Resource("", "v1", "Service", "services")
CONFIG_MAP = Resource("", "v1", "ConfigMap", "configmaps")
POD = Resource("", "v1", "Pod", "pods")
POD_DISRUPTION_BUDGET = Resource("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets")
CHILDREN = (JOB, DEPLOYMENT, SERVICE, CONFIG_MAP, POD, POD_DISRUPTION_BUDGET)

BY_KIND = {(r.api_version, r.kind): r for r in OURS + CHILDREN}
