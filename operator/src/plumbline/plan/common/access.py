"""Whether the steps of a namespace can reach the store at all."""

from plumbline.plan.common.settings import Settings


def store_missing(namespace: str, settings: Settings) -> str | None:
    """Return what mends a namespace without the store's credentials, or None when it has them."""
    if namespace in settings.namespaces:
        return None
    wanted = ",".join(sorted(settings.namespaces | {namespace}))
    return (
        f"namespace {namespace} has no credentials for the store. Add it to the chart's value "
        f"namespaces: helm upgrade plumbline <chart> --namespace plumbline-system --reuse-values "
        f"--set 'namespaces={{{wanted}}}'"
    )
