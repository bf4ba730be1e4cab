"""Cluster DNS: Services, and the pods of headless ones."""

import socket
import struct

from lab.settings import CONTROL

ZONE = "svc.cluster.local"


class Names:
    def __init__(self, kube):
        self.kube = kube
        self.addresses = {}

    def refresh(self):
        fresh = {}
        slices = self.kube.items("/apis/discovery.k8s.io/v1/endpointslices")
        for service in self.kube.items("/api/v1/services"):
            name, namespace = service["metadata"]["name"], service["metadata"]["namespace"]
            cluster_ip = service["spec"].get("clusterIP")
            full = f"{name}.{namespace}.{ZONE}"
            if cluster_ip and cluster_ip != "None":
                fresh[full] = [cluster_ip]
            elif cluster_ip == "None":
                fresh[full] = ready_addresses(slices, namespace, name)
        self.addresses = fresh

    def serve(self):
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind((CONTROL, 53))
        while True:
            question, peer = server.recvfrom(1500)
            answer = self.answer(question)
            if answer:
                server.sendto(answer, peer)

    def answer(self, query):
        at, labels = 12, []
        try:
            while query[at]:
                labels.append(query[at + 1 : at + 1 + query[at]].decode().lower())
                at += query[at] + 1
            (kind,) = struct.unpack(">H", query[at + 1 : at + 3])
        except (IndexError, UnicodeDecodeError, struct.error):
            return None
        question = query[12 : at + 5]
        found = self.addresses.get(".".join(labels))
        shown = (found or []) if kind == 1 else []
        records = b"".join(
            b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 5, 4) + socket.inet_aton(address)
            for address in shown
        )
        flags = 0x8580 | (0 if found is not None else 3)
        head = query[:2] + struct.pack(">HHHHH", flags, 1, len(shown), 0, 0)
        return head + question + records


def ready_addresses(slices, namespace, service):
    return [
        address
        for item in slices
        if item["metadata"]["namespace"] == namespace
        and (item["metadata"].get("labels") or {}).get("kubernetes.io/service-name") == service
        for endpoint in item.get("endpoints") or []
        if endpoint.get("conditions", {}).get("ready")
        for address in endpoint["addresses"]
    ]
