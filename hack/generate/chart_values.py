"""The values of the Helm chart: their defaults, what they mean, and the schema that Helm checks."""

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
    """A part of the values: camelCase, and a misspelt key is refused."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        use_attribute_docstrings=True,
    )


class Image(Part):
    """Plumbline's own images: registry/operator:tag and so on."""

    registry: str = "plumbline"
    """Where the images are: a host, a host with a path, or an organisation."""
    tag: str = ""
    """Tag of all three; the chart's appVersion when empty."""
    pull_policy: Literal["Always", "IfNotPresent", "Never"] = "IfNotPresent"
    """Pull policy of all pods."""
    operator: str = ""
    """Whole name of the operator's image, in place of registry and tag."""
    trainer: str = ""
    """Whole name of the image that profiles, trains and judges."""
    server: str = ""
    """Whole name of the image that serves."""


class ResourceList(Part):
    """Compute resources by name."""

    cpu: Quantity | None = None
    """CPU."""
    memory: Quantity | None = None
    """Memory."""
    ephemeral_storage: Annotated[Quantity | None, Field(alias="ephemeral-storage")] = None
    """Local disk."""


class Requirements(Part):
    """Compute resources of a container."""

    requests: ResourceList = ResourceList()
    """What is set aside."""
    limits: ResourceList = ResourceList()
    """What is allowed at most."""


class Placement(Part):
    """Where pods may run."""

    node_selector: dict[str, str] = {}
    """Labels that a node must carry."""
    tolerations: list[Free] = []
    """Taints that the pod tolerates."""
    affinity: Free = {}
    """Affinity of the pod."""


class Operator(Placement):
    """The operator."""

    replicas: Annotated[int, Field(ge=1, le=5)] = 1
    """Pods; one leads and the others wait to take over."""
    workers: Annotated[int, Field(ge=1, le=256)] = 16
    """Objects looked at concurrently."""
    resources: Requirements = Requirements(
        requests=ResourceList(cpu="100m", memory="256Mi", ephemeral_storage="64Mi"),
        limits=ResourceList(memory="1Gi", ephemeral_storage="512Mi"),
    )
    """Compute resources."""
    service_account_annotations: dict[str, str] = {}
    """Annotations of the service account, such as a cloud's workload identity."""
    priority_class_name: str = ""
    """Priority class of the pod."""


class Log(Part):
    """The log of the operator, of the Jobs' steps and of the model servers."""

    format: Literal["text", "json"] = "text"
    """Form of a line: text for people, or one JSON object a line for a log store."""
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Level of the log. Errors of ours quote what they failed on at DEBUG only, which may be a row. Jobs and servers that are there already keep theirs."""


class Store(Placement):
    """Where data, models and records are kept."""

    enabled: bool = True
    """Whether to run an S3 server in the cluster."""
    url: StoreUrl = ""
    """Address of a namespace's part of a store outside, with {namespace} in it, such as s3://bucket/{namespace}; needed when the store in the cluster is off."""
    endpoint: str = ""
    """Endpoint of an S3 store outside; empty for the cloud's own."""
    region: str = "us-east-1"
    """Region."""
    existing_secret: str = ""
    """Secret in the operator's namespace with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and, with the store in the cluster, users.json). The chart then makes no Secret, neither here nor in the namespaces: set it when a GitOps tool renders the chart. Each namespace needs a Secret plumbline-store with keys of its own; so it does with a store outside, and an empty one where pods have a cloud's workload identity."""
    image: str = "versity/versitygw:v1.8.0"
    """Image of the S3 server in the cluster."""
    persistent: bool = True
    """Whether the store is kept on a volume; without one a restart of its pod loses everything."""
    size: Quantity = "20Gi"
    """Size of the volume."""
    storage_class: str = ""
    """Storage class of the volume; the cluster's default when empty."""
    existing_claim: str = ""
    """Claim of a volume that exists already."""
    keep: bool = True
    """Whether the volume stays when the chart is uninstalled, as the CRDs do."""
    resources: Requirements = Requirements(
        requests=ResourceList(cpu="50m", memory="128Mi", ephemeral_storage="64Mi"),
        limits=ResourceList(memory="512Mi", ephemeral_storage="512Mi"),
    )
    """Compute resources."""
    allow_from: list[Free] = []
    """NetworkPolicy peers that may reach the store besides Plumbline's own pods."""


class ApiServer(Part):
    """How the operator reaches the API server, for its NetworkPolicy."""

    cidrs: Annotated[list[Cidr], Field(min_length=1)] = EVERYWHERE
    """Addresses of the API server."""
    ports: Annotated[list[Annotated[int, Field(ge=1, le=65535)]], Field(min_length=1)] = [443, 6443]
    """Its ports, as seen behind the Service."""


class NetworkPolicies(Part):
    """Who may talk to whom."""

    enabled: bool = True
    """Whether to make NetworkPolicies here and in the namespaces."""
    sources: list[Cidr] = EVERYWHERE
    """Addresses that Jobs which read a data source may reach; none but the store when empty."""
    training: list[Cidr] = []
    """Addresses that training Jobs may reach besides the store."""
    store: list[Cidr] = EVERYWHERE
    """Addresses of a store outside of the cluster; none when empty."""
    clients: list[Free] = []
    """NetworkPolicy peers that may call the models; everybody who reaches the Service when empty."""
    prometheus: list[Free] = []
    """NetworkPolicy peers that may read metrics. When empty, the operator's metrics are open to the cluster and the serving pods' admin port (which also takes orders) to the operator alone."""
    api_server: ApiServer = ApiServer()
    """The API server."""


class Metrics(Part):
    """Metrics of the operator."""

    service: bool = True
    """Whether to make the Service plumbline-metrics."""
    annotations: dict[str, str] = {}
    """Its annotations."""


class Crds(Part):
    """The CustomResourceDefinitions."""

    install: bool = True
    """Whether the chart installs and upgrades them; they stay when it is uninstalled."""


class Roles(Part):
    """The roles plumbline-data-scientist, plumbline-ml-engineer and plumbline-viewer."""

    create: bool = True
    """Whether to make them."""
    aggregate: bool = True
    """Whether Kubernetes' own roles include them: view the viewer, edit and admin all three."""


class Values(Part):
    """Values of the Plumbline chart."""

    namespaces: Annotated[list[Namespace], Field(json_schema_extra={"uniqueItems": True})] = []
    """Namespaces to work in: each gets its account in the store and its NetworkPolicies."""
    create_namespaces: bool = False
    """Whether to make these namespaces, with the restricted Pod Security Standard enforced."""
    image: Image = Image()
    """Plumbline's own images: registry/operator:tag and so on."""
    image_pull_secrets: list[str] = []
    """Secrets with registry credentials, in the operator's namespace. Pods in the namespaces pull with those of their service account: add them to `default` there."""
    operator: Operator = Operator()
    """The operator."""
    log: Log = Log()
    """The log of the operator, of the Jobs' steps and of the model servers."""
    store: Store = Store()
    """Where data, models and records are kept."""
    network_policies: NetworkPolicies = NetworkPolicies()
    """Who may talk to whom."""
    metrics: Metrics = Metrics()
    """Metrics of the operator."""
    crds: Crds = Crds()
    """The CustomResourceDefinitions."""
    roles: Roles = Roles()
    """The roles plumbline-data-scientist, plumbline-ml-engineer and plumbline-viewer."""
    global_: Annotated[Free, Field(alias="global")] = {}
    """Values that Helm shares with a parent chart; not used."""
