#!/usr/bin/env python3
"""sbom.py PACKAGES VERSION DIGEST: what the static program was linked from, as SPDX 2.3."""

import json
import sys

LICENSES = {
    "c-ares": "MIT",
    "ca-certificates": "MPL-2.0",
    "jansson": "MIT",
    "libmicrohttpd": "LGPL-2.1-or-later",
    "libuv1": "MIT",
    "musl": "MIT",
    "openssl": "Apache-2.0",
}


def package(name, version, **more):
    known = LICENSES.get(name, "NOASSERTION")
    return {
        "SPDXID": f"SPDXRef-{name}",
        "name": name,
        "versionInfo": version,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": known,
        "licenseDeclared": known,
        "copyrightText": "NOASSERTION",
        **more,
    }


def main():
    packages, version, digest = sys.argv[1:]
    with open(packages) as file:
        parts = sorted(tuple(line.split()) for line in file if line.strip())
    own = package("health-responder", version, licenseConcluded="MIT", licenseDeclared="MIT")
    found = [own]
    for name, number in parts:
        purl = {
            "referenceCategory": "PACKAGE-MANAGER",
            "referenceType": "purl",
            "referenceLocator": f"pkg:deb/debian/{name}@{number}?arch=source",
        }
        found.append(package(name, number, externalRefs=[purl]))
    document = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"health-responder-{version}",
        "documentNamespace": f"https://spdx.org/spdxdocs/health-responder-{version}-{digest[-16:]}",
        "creationInfo": {
            "created": "1970-01-01T00:00:00Z",  # the same image gives the same document
            "creators": ["Tool: health-responder image/sbom.py"],
        },
        "packages": found,
        "relationships": [
            {
                "spdxElementId": "SPDXRef-DOCUMENT",
                "relationshipType": "DESCRIBES",
                "relatedSpdxElement": own["SPDXID"],
            },
            *(
                {
                    "spdxElementId": own["SPDXID"],
                    "relationshipType": "STATIC_LINK",
                    "relatedSpdxElement": f"SPDXRef-{name}",
                }
                for name, _ in parts
                if name != "ca-certificates"
            ),
        ],
    }
    json.dump(document, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
