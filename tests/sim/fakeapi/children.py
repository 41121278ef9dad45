"""A manifest of every kind that an operator makes, written with all that servers normalise."""

from typing import Any

from plumbline.api.objects import Resource

from tests.sim.fakeapi.backends import (
    BUDGET,
    CONFIG_MAP,
    DEPLOYMENT,
    JOB,
    SCALER,
    SERVICE,
    Backend,
)

Object = dict[str, Any]
LABELS = {"app.kubernetes.io/managed-by": "plumbline", "app": "web"}
KINDS = (JOB, DEPLOYMENT, SERVICE, CONFIG_MAP, BUDGET, SCALER)


def child(backend: Backend, resource: Resource) -> Object:
    """Return a child of this kind named `web`, which starts no pod."""
    return backend.manifest(resource, "web", labels=LABELS, **BODIES[resource])


def _container() -> Object:
    return {
        "name": "main",
        "image": "registry.invalid/web:1",
        "args": ["serve", "--port=8080"],
        "env": [{"name": "B", "value": "1"}, {"name": "A", "value": ""}],
        "ports": [{"name": "http", "containerPort": 8080}, {"containerPort": 9090}],
        "resources": {
            "requests": {"cpu": "1000m", "memory": "1024Mi", "ephemeral-storage": "1000000k"},
            "limits": {"cpu": 1, "memory": "1Gi", "ephemeral-storage": "1G"},
        },
        "readinessProbe": {"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 1},
        "volumeMounts": [
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - a path inside of a pod
            {"name": "config", "mountPath": "/etc/web", "readOnly": True},
        ],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }


def _pod(**fields: Any) -> Object:
    spec = {
        "containers": [_container()],
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "terminationGracePeriodSeconds": 45,
        "volumes": [
            {"name": "tmp", "emptyDir": {"sizeLimit": "1024Mi"}},
            {"name": "config", "configMap": {"name": "web", "items": [{"key": "a", "path": "a"}]}},
            {"name": "pod", "downwardAPI": {"items": [_cpu_item()]}},
        ],
        "nodeSelector": {},
        "tolerations": [{"key": "gpu", "operator": "Exists"}],
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": {"app": "web"}},
            }
        ],
    }
    return {"metadata": {"labels": {"app": "web"}, "annotations": {}}, "spec": spec | fields}


def _cpu_item() -> Object:
    reference = {"containerName": "main", "resource": "limits.cpu", "divisor": "1"}
    return {"path": "cpu", "resourceFieldRef": reference}


BODIES: dict[Resource, Object] = {
    JOB: {
        "spec": {
            "suspend": True,
            "backoffLimit": 3,
            "activeDeadlineSeconds": 3600,
            "template": _pod(restartPolicy="Never"),
            "podFailurePolicy": {
                "rules": [
                    {
                        "action": "Ignore",
                        "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}],
                    }
                ]
            },
        }
    },
    DEPLOYMENT: {
        "spec": {
            "replicas": 0,
            "minReadySeconds": 1,
            "selector": {"matchLabels": {"app": "web"}},
            "strategy": {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": "25%"}},
            "template": _pod(),
        }
    },
    SERVICE: {
        "spec": {
            "selector": {"app": "web"},
            "ports": [
                {"name": "http", "port": 80, "targetPort": "http"},
                {"name": "metrics", "port": 9090},
            ],
        }
    },
    CONFIG_MAP: {"data": {"a": "1", "empty": ""}},
    BUDGET: {"spec": {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "web"}}}},
    SCALER: {
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "minReplicas": 1,
            "maxReplicas": 3,
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {
                        "name": "cpu",
                        "target": {"type": "AverageValue", "averageValue": "1500m"},
                    },
                },
                {
                    "type": "Resource",
                    "resource": {
                        "name": "memory",
                        "target": {"type": "Utilization", "averageUtilization": 80},
                    },
                },
            ],
        }
    },
}
