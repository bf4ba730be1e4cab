"""k8s/scripts/preflight.sh against a real API server: what is there is fine, what is missing is
named."""

import os
import subprocess

import pytest
from lab import stack
from lab.settings import TREE


def preflight(kubectl, overlay):
    return subprocess.run(
        [TREE / "k8s/scripts/preflight.sh", overlay],
        env={**os.environ, "KUBECTL": str(kubectl)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def missing(done):
    return [line for line in done.stdout.splitlines() if line.startswith("MISSING")]


@pytest.fixture
def kubectl(lab):
    return lab.settings.state / "kubectl"


def test_what_is_there_is_fine(kubectl):
    done = preflight(kubectl, TREE / "k8s/overlays/lab")
    # Both are built from their modules, which leaves their versions out.
    assert "note     the API server tells no version" in done.stdout
    assert "tells no version; 1.26 or newer is needed" in done.stdout
    for what in (
        "CRD httproutes, Gateway API v1.",
        "GatewayClass istio is accepted",
        "secret shared-gateway-tls in istio-ingress",
        "configmap gateway-ca in gateway-health",
        "secret health-responder-auth in gateway-health",
        "routes and health-responder agree on the host apps.example.com",
    ):
        assert f"fine     {what}" in done.stdout
    assert missing(done) == []
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("component", "crd"),
    [("cert-manager", "certificates.cert-manager.io"),
     ("monitoring", "prometheusrules.monitoring.coreos.com")],
)  # fmt: skip
def test_what_a_component_needs_is_named(lab, kubectl, component, crd):
    done = preflight(kubectl, stack.with_components(lab, component))
    assert done.returncode == 1
    assert [crd in line for line in missing(done)] == [True]


def test_without_a_cluster_it_says_so(tmp_path, lab):
    nowhere = tmp_path / "kubectl"
    nowhere.write_text(
        f'#!/bin/sh\nexec {lab.settings.bin / "kubectl"} --server https://127.0.0.1:1 "$@"\n'
    )
    nowhere.chmod(0o755)
    done = preflight(nowhere, TREE / "k8s/overlays/lab")
    assert done.returncode == 2
    assert "no cluster answers" in done.stderr
