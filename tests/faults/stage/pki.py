"""Certificates of the gateway, good ones and one of each defect; made by openssl."""

import hashlib
import pathlib
import subprocess

from stack.process import find_program
from stage.plan import HOST

CONFIG = """\
[ca]
default_ca = here
[here]
database = {folder}/{issuer}.index
serial = {folder}/{issuer}.serial
new_certs_dir = {folder}
default_md = sha256
policy = any
copy_extensions = none
unique_subject = no
x509_extensions = {kind}
[any]
commonName = supplied
[root]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[intermediate]
basicConstraints = critical, CA:true, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[leaf]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:{san}
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[leaf_aia]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:{san}
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
authorityInfoAccess = caIssuers;URI:http://pki.example.com/ca.crt
"""
GOOD_DATES = ("20200101000000Z", "20491231235959Z")
PAST_DATES = ("20200101000000Z", "20210101000000Z")
FUTURE_DATES = ("20480101000000Z", "20491231235959Z")


class Pki:
    """Two roots (`old` is the one everybody was told of), each with an intermediate."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder) / "pki"
        self.folder.mkdir(exist_ok=True)
        self.openssl = find_program("openssl", "it comes with the package openssl")
        for root in ("old", "new", "stranger"):
            self._make(f"{root}-root", f"{root}-root", "root")
            self._make(f"{root}-ca", f"{root}-root", "intermediate")
        self.ca_file = self.folder / "trusted.pem"
        self.ca_file.write_text(self._pem("old-root") + self._pem("new-root"))
        known = self.folder / "trusted-and-intermediate.pem"
        known.write_text(self.ca_file.read_text() + self._pem("old-ca"))
        self.old_root_fingerprint = self._fingerprint("old-root")
        leafs = {
            "good": self._leaf("good", "old"),
            "wrong-name": self._leaf("wrong-name", "old", san="shop.example.com"),
            "expired": self._leaf("expired", "old", dates=PAST_DATES),
            "not-yet-valid": self._leaf("not-yet-valid", "old", dates=FUTURE_DATES),
            "unknown-ca": self._leaf("unknown-ca", "stranger"),
            "other-root": self._leaf("other-root", "new"),
        }
        good = self._pem("good")
        self.chains = {
            **leafs,
            "no-intermediate": (good, "good"),
            "wrong-order": (good + self._pem("old-root") + self._pem("old-ca"), "good"),
            "no-intermediate-aia": self._lonely("no-intermediate-aia", "old-ca", "leaf_aia"),
            "self-signed": self._lonely("self-signed", "self-signed", "leaf"),
        }

    def _run(self, *words):
        subprocess.run([self.openssl, *map(str, words)], check=True, capture_output=True)

    def _pem(self, name):
        return (self.folder / f"{name}.pem").read_text()

    def _fingerprint(self, name):
        der = subprocess.run(
            [self.openssl, "x509", "-in", self.folder / f"{name}.pem", "-outform", "DER"],
            check=True,
            capture_output=True,
        ).stdout
        return hashlib.sha256(der).hexdigest()

    def _leaf(self, name, root, san=HOST, dates=GOOD_DATES):
        """(chain without the root, name of the key)"""
        self._make(name, f"{root}-ca", "leaf", san, dates)
        return self._pem(name) + self._pem(f"{root}-ca"), name

    def _lonely(self, name, issuer, kind):
        self._make(name, issuer, kind)
        return self._pem(name), name

    def _make(self, name, issuer, kind, san=HOST, dates=GOOD_DATES):
        folder = self.folder
        for ending, text in (("index", ""), ("serial", "1000\n")):
            file = folder / f"{issuer}.{ending}"
            if not file.exists():
                file.write_text(text)
        config = folder / f"{name}.conf"
        config.write_text(CONFIG.format(folder=folder, issuer=issuer, kind=kind, san=san))
        common = san if kind.startswith("leaf") else name
        self._run(
            *("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-config", "/dev/null", "-subj", f"/CN={common}"),
            *("-keyout", folder / f"{name}.key", "-out", folder / f"{name}.csr"),
        )
        self._run(
            *("ca", "-batch", "-notext", "-config", config, "-in", folder / f"{name}.csr"),
            *("-keyfile", folder / f"{issuer}.key", "-out", folder / f"{name}.pem"),
            *("-startdate", dates[0], "-enddate", dates[1]),
            *(("-selfsign",) if name == issuer else ("-cert", folder / f"{issuer}.pem")),
        )

    def secret(self, name):
        """(certificate chain, private key) as texts."""
        chain, key = self.chains[name]
        return chain, (self.folder / f"{key}.key").read_text()
