"""`make lab`: brings the lab up and leaves it for a person to play with, until Ctrl-C."""

import argparse
import os
import pathlib
import signal
import sys
import tempfile

from lab import stack
from lab.control import Lab
from lab.settings import HOST, TREE, VIP, LabError, Settings, say

WHAT_NOW = """
The lab is up. It is gone when this command ends (Ctrl-C).

  kubectl           {kubectl}
  logs              {logs}
  load balancer     {vip}, host {host} (its model's view: {state}/azure-lb.json)

In another terminal, as root:
  alias k={kubectl}
  in_lab() {{ nsenter --target {outer} --mount --pid -- nsenter --net=/run/netns/lab -- "$@"; }}
  in_lab curl -sH 'Host: {host}' http://{vip}/healthz
  in_lab curl -s --cacert {state}/certs/ca.crt --resolve {host}:443:{vip} https://{host}/app1
  k get gateway,httproute,deploy,svc,hpa,pdb -A
  in_lab curl -s http://{pod}:9090/status?format=text

What to break, and to look at with /why on that port:
  k -n tenant-2 delete httproute app2-route
  k -n tenant-2 scale deployment sample-app-2 --replicas 0
  k -n istio-ingress delete secret shared-gateway-tls
  k label namespace tenant-1 shared-gateway-access-
  k -n istio-system scale deployment istiod --replicas 0
  k -n istio-ingress patch svc shared-gateway-istio \\
      -p '{{"spec":{{"externalTrafficPolicy":"Cluster"}}}}'
`k apply -k k8s/overlays/lab --server-side --force-conflicts` mends it again.
"""


def main():
    parser = argparse.ArgumentParser(prog="lab", description=__doc__)
    parser.add_argument("--responder", type=pathlib.Path, required=True)
    parser.add_argument("--ambient", action="store_true", help="HBONE to every pod")
    options = parser.parse_args()
    state = pathlib.Path(tempfile.mkdtemp(prefix="health-responder-lab-", dir="/tmp"))
    state.chmod(0o755)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    lab = None
    try:
        lab = Lab(Settings(state, options.responder.resolve(), options.ambient))
        lab.up()
        stack.up(lab)
        print(what_now(lab), flush=True)
        while True:
            signal.pause()
    except (KeyboardInterrupt, SystemExit):
        pass
    except (LabError, TimeoutError) as error:
        say(f"lab: {error}\nlab: logs stay in {state}/logs")
        return 1
    if lab:
        lab.forget()
    return 0


def what_now(lab):
    return WHAT_NOW.format(
        kubectl=lab.settings.state / "kubectl",
        logs=lab.settings.logs,
        state=lab.settings.state,
        vip=VIP,
        host=HOST,
        outer=os.environ.get("LAB_OUTER_PID"),
        pod=lab.pods("gateway-health")[0]["status"]["podIP"],
    )


if __name__ == "__main__":
    os.chdir(TREE)
    sys.exit(main())
