"""A cluster on one machine, without kubelet and without containers: real etcd, kube-apiserver,
kube-controller-manager, kube-proxy, istiod, pilot-agent and Envoy; pods are ordinary processes."""
