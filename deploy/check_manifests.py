#!/usr/bin/env python3
"""Checks the Kubernetes manifests: strictly against the published schema, and our own rules.

Needs PyYAML and kubernetes-validate (deploy/requirements.txt). Exits 1 when something is wrong.
"""

import json
import pathlib
import shutil
import subprocess
import sys

import kubernetes_validate
import yaml

import kustomize
import manifest_rules

KUBERNETES_VERSIONS = ("1.32", "1.36")  # the oldest and the newest that we promise
FOLDER = pathlib.Path(__file__).parent / "kubernetes"
RENDERINGS = {"base": (), "overlays/gpu": ("worker",)}  # and the workloads that take GPUs


def schema_problems(manifest, version):
    try:
        used = kubernetes_validate.validate(manifest, version, strict=True)
    except kubernetes_validate.ValidationError as error:
        path = ".".join(map(str, error.path))
        yield f"{manifest_rules.label(manifest)}: Kubernetes {version}: {path}: {error.message}"
    except kubernetes_validate.SchemaNotFoundError as error:
        yield f"{manifest_rules.label(manifest)}: {error.message}"
    else:
        if used != version:
            yield f"kubernetes-validate has no schema of {version}, only of {used}"


def kubectl_kustomize_version():
    """(major, minor) of the kustomize inside kubectl, or None where there is no kubectl."""
    if shutil.which("kubectl") is None:
        return None
    answer = subprocess.run(["kubectl", "version", "--client", "--output=json"],
                            capture_output=True, check=True)
    version = json.loads(answer.stdout).get("kustomizeVersion", "v2.0")
    return tuple(map(int, version.lstrip("v").split(".")[:2]))


def kubectl_problems(folder, manifests):
    """Where kubectl's rendering differs from ours."""
    answer = subprocess.run(["kubectl", "kustomize", str(folder)], capture_output=True, text=True)
    if answer.returncode != 0 or answer.stderr:
        yield f"kubectl kustomize {folder}: {answer.stderr.strip()}"
        return
    theirs = {kustomize.identity(each): each for each in yaml.safe_load_all(answer.stdout)}
    ours = {kustomize.identity(each): each for each in manifests}
    for key in sorted(theirs.keys() | ours.keys(), key=str):
        if theirs.get(key) != ours.get(key):
            yield f"{key}: kubectl renders it differently from deploy/kustomize.py"


def check(name, with_kubectl):
    manifests = kustomize.render(FOLDER / name)
    found = [problem for manifest in manifests for version in KUBERNETES_VERSIONS
             for problem in schema_problems(manifest, version)]
    found += manifest_rules.problems(manifests, with_gpu=RENDERINGS[name])
    if with_kubectl:
        found += kubectl_problems(FOLDER / name, manifests)
    print(f"{name}: {len(manifests)} manifests, {len(found)} problems", file=sys.stderr)
    for problem in found:
        print(f"  {problem}", file=sys.stderr)
    return not found


def main():
    version = kubectl_kustomize_version()
    with_kubectl = version is not None and version >= (5, 0)
    if not with_kubectl:
        print("no kubectl with kustomize 5 here: rendered by deploy/kustomize.py alone", file=sys.stderr)
    results = [check(name, with_kubectl) for name in RENDERINGS]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
