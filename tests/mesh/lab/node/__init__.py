"""kubelet, scheduler, cluster DNS, and on demand istio-cni with ztunnel, as small as a lab needs.

A pod is a network namespace; a container is a process in a mount namespace of its own, on an
overlay of this machine's files. So absolute paths, 0.0.0.0 listeners, 127.0.0.1 admin ports, user
ids and read-only roots behave as in a cluster. Nothing is pulled: programs.py says which program
of this machine stands for which container."""
