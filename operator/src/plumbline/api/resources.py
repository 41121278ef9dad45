"""All kinds that Plumbline uses: its own, and those of the objects that it creates."""

from plumbline.api.objects import Resource
from plumbline.api.v1alpha1.dataset import DATASET as DATASET
from plumbline.api.v1alpha1.drift_monitor import DRIFT_MONITOR as DRIFT_MONITOR
from plumbline.api.v1alpha1.model_deployment import MODEL_DEPLOYMENT as MODEL_DEPLOYMENT
from plumbline.api.v1alpha1.training_run import TRAINING_RUN as TRAINING_RUN
from plumbline.api.v1alpha1.training_template import TRAINING_TEMPLATE as TRAINING_TEMPLATE

OURS = (DATASET, TRAINING_TEMPLATE, TRAINING_RUN, MODEL_DEPLOYMENT, DRIFT_MONITOR)

JOB = Resource("batch", "v1", "Job", "jobs")
DEPLOYMENT = Resource("apps", "v1", "Deployment", "deployments")
SERVICE = Resource("", "v1", "Service", "services")
CONFIG_MAP = Resource("", "v1", "ConfigMap", "configmaps")
POD = Resource("", "v1", "Pod", "pods")
POD_DISRUPTION_BUDGET = Resource("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets")
CHILDREN = (JOB, DEPLOYMENT, SERVICE, CONFIG_MAP, POD, POD_DISRUPTION_BUDGET)

BY_KIND = {(r.api_version, r.kind): r for r in OURS + CHILDREN}
