"""The labels and annotations that Plumbline writes or reads."""

from plumbline.api.meta import GROUP

MANAGED_BY = "app.kubernetes.io/managed-by"
COMPONENT = "app.kubernetes.io/component"
MANAGER = "plumbline"
DATASET_LABEL = f"{GROUP}/dataset"
RUN_LABEL = f"{GROUP}/run"
TEMPLATE_LABEL = f"{GROUP}/template"
MONITOR_LABEL = f"{GROUP}/monitor"
EPISODE_LABEL = f"{GROUP}/episode"
DEPLOYMENT_LABEL = f"{GROUP}/deployment"
IDENTITY_LABEL = f"{GROUP}/identity"
REFRESH_ANNOTATION = f"{GROUP}/refresh"
RETRY_ANNOTATION = f"{GROUP}/retry"
REASON_ANNOTATION = f"{GROUP}/reason"
POD_TEMPLATE_ANNOTATION = f"{GROUP}/pod-template"
LOG_ANNOTATION = f"{GROUP}/log"
STORE_SECRET = "plumbline-store"  # noqa: S105 - the name of a Secret, not its content
