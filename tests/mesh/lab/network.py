"""Network namespaces: `lab` holds the control plane and the clients, and each node has its own.
Pods are /32 behind their node: with a shared /24 an answer of a Service would find its way past
the node's connection tracking."""

from lab.settings import CONTROL, NODES, POD_NETWORK, SERVICE_NETWORK
from lab.shell import run, script


def build():
    """Needs the namespace `lab`, in which tests/mesh/enter runs us."""
    script(f"""
        ip link add br0 type bridge
        ip addr add {CONTROL}/24 dev br0
        ip link set br0 up
        sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0
        # the load balancer's choice of a node is by connection, not by address
        sysctl -qw net.ipv4.fib_multipath_hash_policy=1
    """)
    for node in NODES:
        _add_node(node)
    for node in NODES:
        for other in NODES:
            if other is not node:
                script(f"ip -n {node.netns} route add {other.pods}.0/24 via {other.address}")
    # Service addresses, by the first node's kube-proxy.
    script(f"ip route replace {SERVICE_NETWORK} via {NODES[0].address}")


def _add_node(node):
    script(f"""
        ip netns add {node.netns}
        ip -n {node.netns} link set lo up
        ip link add {node.name} type veth peer name eth0 netns {node.netns}
        ip link set {node.name} master br0 up
        ip -n {node.netns} addr add {node.address}/24 dev eth0
        ip -n {node.netns} link set eth0 up
        ip netns exec {node.netns} sysctl -qw net.ipv4.ip_forward=1 \\
            net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.default.send_redirects=0
        ip -n {node.netns} link add cni0 type bridge
        ip -n {node.netns} addr add {node.pods}.1/24 dev cni0
        ip -n {node.netns} link set cni0 up
        ip -n {node.netns} route add default via {CONTROL}
        ip route add {node.pods}.0/24 via {node.address}
    """)


def add_pod(node, netns, address, sysctls):
    link = "v" + address.removeprefix(POD_NETWORK.split(".0.0/")[0]).replace(".", "-")
    script(f"""
        ip netns add {netns}
        ip link add {link} netns {node.netns} type veth peer name eth0 netns {netns}
        ip -n {node.netns} link set {link} master cni0 up
        ip -n {netns} link set lo up
        ip -n {netns} addr add {address}/32 dev eth0
        ip -n {netns} link set eth0 up
        ip -n {netns} route add {node.pods}.1 dev eth0
        ip -n {netns} route add default via {node.pods}.1
    """)
    for item in sysctls:
        script(f"ip netns exec {netns} sysctl -qw {item['name']}={item['value']}")


def remove_pod(netns):
    """And whatever still runs in it."""
    script(
        f"for pid in $(ip netns pids {netns}); do kill -9 $pid; done; ip netns del {netns}",
        check=False,
    )


SILENCE = """
table ip silence {{
  chain input {{
    type filter hook input priority -10;
    ip saddr {{ {addresses} }} drop
  }}
}}
"""


def silence(netns, addresses):
    """Packets from `addresses` to the pod vanish, as if its node had died; none: all arrive."""
    nft = ["ip", "netns", "exec", netns, "nft"]
    run([*nft, "delete", "table", "ip", "silence"], check=False)
    if addresses:
        run([*nft, "-f", "-"], input=SILENCE.format(addresses=", ".join(addresses)))
