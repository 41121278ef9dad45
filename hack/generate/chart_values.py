"""The values of the Helm chart: defaults, meaning, and the schema that Helm checks."""

from typing import Annotated, Any, Literal

from plumbline.api.quantities import PATTERN
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Namespace = Annotated[
    str, Field(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", min_length=1, max_length=53)
]
Cidr = Annotated[str, Field(pattern=r"^[0-9a-fA-F.:]+/[0-9]{1,3}$")]
Quantity = Annotated[str, Field(pattern=PATTERN)] | Annotated[float, Field(ge=0)]
StoreUrl = Annotated[str, Field(pattern=r"^((s3|gs|az)://[^{}]*\{namespace\}[^{}]*)?$")]
Free = dict[str, Any]
EVERYWHERE = ["0.0.0.0/0", "::/0"]


class Part(BaseModel):
    """A part of the values: camelCase, unknown keys are refused."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        use_attribute_docstrings=True,
    )


class Image(Part):
    """The images of Plumbline, registry/operator:tag, registry/trainer:tag and registry/server:tag."""

    registry: str = "plumbline"
    """Registry of the images: a host, a host with a path, or an organisation on Docker Hub."""
    tag: str = ""
    """Tag of all three images; when empty, the appVersion of the chart."""
    pull_policy: Literal["Always", "IfNotPresent", "Never"] = "IfNotPresent"
    """Pull policy of all pods."""
    operator: str = ""
    """Full name of the operator image; overrides registry and tag."""
    trainer: str = ""
    """Full name of the image that profiles, trains and evaluates; overrides registry and tag."""
    server: str = ""
    """Full name of the model server image; overrides registry and tag."""


class ResourceList(Part):
    """Compute resources by name."""

    cpu: Quantity | None = None
    """Amount of CPU."""
    memory: Quantity | None = None
    """Amount of memory."""
    ephemeral_storage: Annotated[Quantity | None, Field(alias="ephemeral-storage")] = None
    """Amount of local disk."""


class Requirements(Part):
    """Compute resources of a container."""

    requests: ResourceList = ResourceList()
    """Requests, as in a Pod."""
    limits: ResourceList = ResourceList()
    """Limits, as in a Pod."""


class Placement(Part):
    """Where pods may run."""

    node_selector: dict[str, str] = {}
    """Labels that a node must have."""
    tolerations: list[Free] = []
    """Taints that the pod tolerates."""
    affinity: Free = {}
    """Affinity of the pod."""


class Operator(Placement):
    """The operator."""

    replicas: Annotated[int, Field(ge=1, le=5)] = 1
    """Number of pods. One is the leader, the others are in standby."""
    workers: Annotated[int, Field(ge=1, le=256)] = 16
    """Number of objects that are reconciled at the same time."""
    resources: Requirements = Requirements(
        requests=ResourceList(cpu="100m", memory="256Mi", ephemeral_storage="64Mi"),
        limits=ResourceList(memory="1Gi", ephemeral_storage="512Mi"),
    )
    """Compute resources of the pod."""
    service_account_annotations: dict[str, str] = {}
    """Annotations of the service account, such as for the workload identity of a cloud."""
    priority_class_name: str = ""
    """Priority class of the pod."""


class Log(Part):
    """Logs of the operator, of Jobs and of model servers."""

    format: Literal["text", "json"] = "text"
    """Format of the log: text for people, or json for log systems (one object per line)."""
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Lowest level of messages in the log. With DEBUG, an unexpected error can quote the data that caused it, which may be a row. Existing Jobs and model servers keep their level."""


class Store(Placement):
    """The store for data, models and results."""

    enabled: bool = True
    """Whether to run an S3 server in the cluster."""
    url: StoreUrl = ""
    """URL of an external store, with {namespace} in it, such as s3://bucket/{namespace}. Required when store.enabled is false."""
    endpoint: str = ""
    """Endpoint of an external S3 store; empty for AWS."""
    region: str = "us-east-1"
    """Region of the store."""
    existing_secret: str = ""
    """Secret in the namespace of the operator with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; for the store in the cluster also users.json, which manifests/store-accounts writes. The chart then creates no Secrets; use it when a GitOps tool renders the chart. In each namespace, create a Secret plumbline-store with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY that allow only the part of the store for this namespace. Where pods use the workload identity of a cloud, leave that Secret empty."""
    image: str = "versity/versitygw:v1.8.0"
    """Image of the S3 server in the cluster."""
    persistent: bool = True
    """Whether the store has a volume. Without one, all data is lost when its pod restarts."""
    size: Quantity = "20Gi"
    """Size of the volume."""
    storage_class: str = ""
    """Storage class of the volume; when empty, the default of the cluster."""
    existing_claim: str = ""
    """Existing PersistentVolumeClaim to use."""
    keep: bool = True
    """Whether the volume stays when the chart is uninstalled. The CRDs always stay."""
    resources: Requirements = Requirements(
        requests=ResourceList(cpu="50m", memory="128Mi", ephemeral_storage="64Mi"),
        limits=ResourceList(memory="512Mi", ephemeral_storage="512Mi"),
    )
    """Compute resources of the pod."""
    allow_from: list[Free] = []
    """Additional NetworkPolicy peers that may connect to the store, besides the pods of Plumbline."""


class ApiServer(Part):
    """Addresses and ports of the API server, for the NetworkPolicy of the operator."""

    cidrs: Annotated[list[Cidr], Field(min_length=1)] = EVERYWHERE
    """Addresses of the API server."""
    ports: Annotated[list[Annotated[int, Field(ge=1, le=65535)]], Field(min_length=1)] = [443, 6443]
    """Ports of the API server. Set the port on which the API server itself listens (often 6443), not only that of its Service (443)."""


class NetworkPolicies(Part):
    """Which network connections are allowed."""

    enabled: bool = True
    """Whether to create NetworkPolicies in the namespace of the operator and in the namespaces of users."""
    sources: list[Cidr] = EVERYWHERE
    """Addresses that Jobs of a Dataset may connect to, besides the store."""
    training: list[Cidr] = []
    """Addresses that training Jobs may connect to, besides the store."""
    store: list[Cidr] = EVERYWHERE
    """Addresses of an external store."""
    clients: list[Free] = []
    """NetworkPolicy peers that may call the models. When empty, every client that can reach the Service may call them."""
    prometheus: list[Free] = []
    """NetworkPolicy peers that may read metrics. When empty, all pods of the cluster may read the metrics of the operator, but only the operator may read those of serving pods: they are on the admin port, which also controls the traffic."""
    api_server: ApiServer = ApiServer()
    """Addresses and ports of the API server, for the NetworkPolicy of the operator."""


class Metrics(Part):
    """Metrics of the operator."""

    service: bool = True
    """Whether to create the Service plumbline-metrics."""
    annotations: dict[str, str] = {}
    """Annotations of that Service."""


class Crds(Part):
    """The CustomResourceDefinitions."""

    install: bool = True
    """Whether the chart installs and upgrades the CRDs. They stay when it is uninstalled."""


class Roles(Part):
    """The ClusterRoles plumbline-data-scientist, plumbline-ml-engineer and plumbline-viewer."""

    create: bool = True
    """Whether to create the ClusterRoles plumbline-data-scientist, plumbline-ml-engineer and plumbline-viewer."""
    aggregate: bool = True
    """Whether to add these ClusterRoles to the roles of Kubernetes: view gets plumbline-viewer; edit and admin also get plumbline-data-scientist and plumbline-ml-engineer."""


class Values(Part):
    """Values of the Plumbline chart."""

    namespaces: Annotated[list[Namespace], Field(json_schema_extra={"uniqueItems": True})] = []
    """Namespaces to work in. Each gets an account in the store and NetworkPolicies."""
    create_namespaces: bool = False
    """Whether to create these namespaces; they then enforce the restricted Pod Security Standard."""
    image: Image = Image()
    """The images of Plumbline, registry/operator:tag, registry/trainer:tag and registry/server:tag."""
    image_pull_secrets: list[str] = []
    """Secrets with registry credentials in the namespace of the operator. For pods in the namespaces of users, add such Secrets to the service account `default` there."""
    operator: Operator = Operator()
    """The operator."""
    log: Log = Log()
    """Logs of the operator, of Jobs and of model servers."""
    store: Store = Store()
    """The store for data, models and results."""
    network_policies: NetworkPolicies = NetworkPolicies()
    """Which network connections are allowed."""
    metrics: Metrics = Metrics()
    """Metrics of the operator."""
    crds: Crds = Crds()
    """The CustomResourceDefinitions."""
    roles: Roles = Roles()
    """The ClusterRoles plumbline-data-scientist, plumbline-ml-engineer and plumbline-viewer."""
    global_: Annotated[Free, Field(alias="global")] = {}
    """Values that Helm shares with a parent chart; Plumbline does not use them."""
