"""The cluster's network: a bridge on the host and a network namespace for each node."""

from paths import Cluster
from shell import TestbedError, run


def up(cluster: Cluster) -> None:
    """Create the bridge, the network namespaces of the nodes and the routes between them.

    Raises:
        TestbedError: another cluster has this net.
    """
    if taken := run("ip", "route", "show", f"10.231.{cluster.net}.0/24").split():
        link = taken[taken.index("dev") + 1]
        raise TestbedError(f"Net {cluster.net} is in use by {link}. Choose another --net.")
    run("ip", "link", "add", cluster.bridge, "type", "bridge")
    run("ip", "address", "add", f"{cluster.host}/24", "dev", cluster.bridge)
    run("ip", "link", "set", cluster.bridge, "up")
    for number in cluster.numbers():
        _node(cluster, number)
    # The host reaches Services too: kube-proxy in the first node's namespace translates them.
    run("ip", "route", "add", cluster.services, "via", cluster.address(1))


def _node(cluster: Cluster, number: int) -> None:
    node, link = cluster.node(number), f"{cluster.name}-v{number}"
    run("ip", "netns", "add", node)
    run("ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", node)
    run("ip", "link", "set", link, "master", cluster.bridge, "up")
    run("ip", "-n", node, "address", "add", f"{cluster.address(number)}/24", "dev", "eth0")
    for device in ("eth0", "lo"):
        run("ip", "-n", node, "link", "set", device, "up")
    run("ip", "-n", node, "route", "add", "default", "via", cluster.host)
    run("nsenter", f"--net=/run/netns/{node}", "sysctl", "-qw", "net.ipv4.ip_forward=1")
    for other in cluster.numbers():
        if other != number:
            route = (cluster.pod_range(other), "via", cluster.address(other))
            run("ip", "-n", node, "route", "add", *route)
    run("ip", "route", "add", cluster.pod_range(number), "via", cluster.address(number))
