"""The API server's keys. The gateway's certificate is made by k8s/scripts/make-certs.sh."""

import secrets

from lab.settings import API, CONTROL
from lab.shell import run

NAMES = (
    f"IP:{CONTROL},IP:10.96.0.1,IP:127.0.0.1,"
    "DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc"
)
KUBECONFIG = """\
apiVersion: v1
kind: Config
clusters: [{{name: lab, cluster: {{server: "https://{api}", certificate-authority: {ca}}}}}]
users: [{{name: admin, user: {{token: {token}}}}}]
contexts: [{{name: lab, context: {{cluster: lab, user: admin}}}}]
current-context: lab
"""


def make(settings):
    pki = settings.pki
    pki.mkdir(mode=0o700)
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    run(["openssl", "req", "-x509", *curve, "-days", "30", "-subj", "/CN=lab-ca",
         "-keyout", pki / "ca.key", "-out", pki / "ca.crt",
         "-addext", "basicConstraints=critical,CA:TRUE",
         "-addext", "keyUsage=critical,keyCertSign,cRLSign"])  # fmt: skip
    run(["openssl", "req", *curve, "-subj", "/CN=kube-apiserver",
         "-keyout", pki / "apiserver.key", "-out", pki / "apiserver.csr"])  # fmt: skip
    (pki / "names").write_text(f"subjectAltName={NAMES}\n")
    run(["openssl", "x509", "-req", "-days", "30", "-in", pki / "apiserver.csr",
         "-CA", pki / "ca.crt", "-CAkey", pki / "ca.key", "-CAcreateserial",
         "-extfile", pki / "names", "-out", pki / "apiserver.crt"])  # fmt: skip
    run(["openssl", "genrsa", "-out", pki / "sa.key", "2048"])
    run(["openssl", "rsa", "-in", pki / "sa.key", "-pubout", "-out", pki / "sa.pub"])
    token = secrets.token_hex(16)
    (pki / "token").write_text(token)
    (pki / "tokens.csv").write_text(f"{token},admin,admin,system:masters\n")
    settings.kubeconfig.write_text(KUBECONFIG.format(api=API, ca=pki / "ca.crt", token=token))
