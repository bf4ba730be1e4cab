"""The volumes of a pod, written as kubelet does: files in a folder of their own, `..data` pointing
at it, swapped at once."""

import base64
import datetime
import json
import os
import shutil

from lab.kube import KubeError


class NotYet(Exception):
    """A ConfigMap or Secret is not there."""


def write_atomically(folder, files, mode=0o644, group=None):
    """True if anything changed. Keys of `files` may have slashes."""
    current = os.path.join(folder, "..data")
    old = os.path.realpath(current) if os.path.islink(current) else None
    if old and _read_all(old) == files:
        return False
    name = datetime.datetime.now(datetime.UTC).strftime("..%Y_%m_%d_%H_%M_%S.%f")
    fresh = os.path.join(folder, name)
    os.makedirs(fresh)
    for path, content in files.items():
        target = os.path.join(fresh, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as out:
            out.write(content)
        os.chmod(target, mode)
        if group is not None:
            os.chown(target, 0, group)
    link = os.path.join(folder, "..data_tmp")
    os.symlink(name, link)
    os.rename(link, current)
    tops = {path.split("/")[0] for path in files}
    for top in tops:
        if not os.path.islink(os.path.join(folder, top)):
            os.symlink(os.path.join("..data", top), os.path.join(folder, top))
    for entry in os.listdir(folder):
        if not entry.startswith("..") and entry not in tops:
            os.unlink(os.path.join(folder, entry))
    if old:
        shutil.rmtree(old)
    return True


def _read_all(root):
    found = {}
    for folder, _, names in os.walk(root):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, root)] = file.read()
    return found


class Volumes:
    def __init__(self, kube, pod, folder):
        self.kube = kube
        self.pod = pod
        self.folder = folder
        self.tokens = {}

    def write(self):
        """All of them, as they are now. Raises NotYet."""
        for volume in self.pod.spec.get("volumes", []):
            folder = os.path.join(self.folder, volume["name"])
            os.makedirs(folder, exist_ok=True)
            os.chmod(folder, 0o777)
            source = volume.get("projected") or volume.get("configMap") or volume.get("secret")
            files = self.files(volume)
            if files is not None:
                group = (self.pod.spec.get("securityContext") or {}).get("fsGroup")
                mode = (source or {}).get("defaultMode", 0o644)
                write_atomically(folder, files, mode if group is not None else 0o644, group)

    def files(self, volume):
        """None: not made of files (emptyDir)."""
        for source in volume.get("projected", {}).get("sources", []):
            if not (source.keys() & {"configMap", "secret", "serviceAccountToken", "downwardAPI"}):
                raise ValueError(f"projected source {sorted(source)} is not known here")
        if "projected" in volume:
            files = {}
            for source in volume["projected"]["sources"]:
                files.update(self.files(source))
            return files
        if "configMap" in volume:
            return self.keyed("configmaps", volume["configMap"], volume["configMap"]["name"])
        if "secret" in volume:
            secret = volume["secret"]
            return self.keyed("secrets", secret, secret.get("secretName") or secret["name"])
        if "downwardAPI" in volume:
            return self.downward(volume["downwardAPI"].get("items", []))
        if "serviceAccountToken" in volume:
            wanted = volume["serviceAccountToken"]
            if wanted["path"] not in self.tokens:
                self.tokens[wanted["path"]] = self.token(
                    wanted.get("audience"), wanted.get("expirationSeconds", 3600)
                )
            return {wanted["path"]: self.tokens[wanted["path"]]}
        return None

    def keyed(self, kind, source, name):
        found = self.kube.find(f"/api/v1/namespaces/{self.pod.namespace}/{kind}/{name}")
        if found is None:
            if source.get("optional"):
                return {}
            raise NotYet(f"{kind} {name} not found")
        plain = kind == "configmaps"
        data = {
            key: value.encode() if plain else base64.b64decode(value)
            for key, value in (found.get("data") or {}).items()
        }
        data.update({k: base64.b64decode(v) for k, v in (found.get("binaryData") or {}).items()})
        if source.get("items"):
            missing = [item["key"] for item in source["items"] if item["key"] not in data]
            if missing and not source.get("optional"):
                raise NotYet(f"{kind} {name} has no {', '.join(missing)}")
            return {i["path"]: data[i["key"]] for i in source["items"] if i["key"] in data}
        return data

    def downward(self, items):
        files = {}
        for item in items:
            path = item.get("fieldRef", {}).get("fieldPath", "")
            if path in ("metadata.labels", "metadata.annotations"):
                # Quoted as Go does it: pilot-agent ignores what is not.
                what = self.pod.metadata.get(path.split(".")[1]) or {}
                lines = [
                    f"{k}={json.dumps(v, ensure_ascii=False)}" for k, v in sorted(what.items())
                ]
                files[item["path"]] = "\n".join(lines).encode()
            else:
                files[item["path"]] = self.pod.field(path).encode()
        return files

    def token(self, audience, seconds):
        account = self.pod.spec.get("serviceAccountName", "default")
        owner = {"kind": "Pod", "apiVersion": "v1", "name": self.pod.name, "uid": self.pod.uid}
        body = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"expirationSeconds": seconds, "boundObjectRef": owner},
        }
        if audience:
            body["spec"]["audiences"] = [audience]
        path = f"/api/v1/namespaces/{self.pod.namespace}/serviceaccounts/{account}/token"
        try:
            return self.kube.post(path, body)["status"]["token"].encode()
        except KubeError as error:
            if error.status == 404:
                raise NotYet(f"ServiceAccount {account} not found") from None
            raise
