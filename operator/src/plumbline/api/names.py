"""The labels and annotations that several packages use; the others are where they are used."""

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
# Hash of model, server image and server settings: the pods of one rollout.
IDENTITY_LABEL = f"{GROUP}/identity"
# A user changes it so that a Dataset reads its source again.
REFRESH_ANNOTATION = f"{GROUP}/refresh"
# A user changes it so that a ModelDeployment tries a model again that was rolled back.
RETRY_ANNOTATION = f"{GROUP}/retry"
# A user names an episode in it to confirm that suspect live data is right, so that retraining goes on.
CONFIRM_ANNOTATION = f"{GROUP}/confirm"
# Why a DriftMonitor created a run.
REASON_ANNOTATION = f"{GROUP}/reason"
POD_TEMPLATE_ANNOTATION = f"{GROUP}/pod-template"
# The object that the log lines of a pod are about.
LOG_ANNOTATION = f"{GROUP}/log"
STORE_SECRET = "plumbline-store"  # noqa: S105 - the name of a Secret, not its content
