"""Renders a kustomization as `kubectl kustomize` does, for machines that have no current kubectl.

Only what deploy/kubernetes uses: resources, images with newTag, and patches by path that merge
containers by name. Anything else is refused, so that no rendering is silently wrong.
"""

import copy
import pathlib

import yaml

KNOWN_KEYS = {"apiVersion", "kind", "resources", "images", "patches"}
MERGED_BY_NAME = {"containers"}


class UnknownFeature(Exception):
    """A kustomization uses what this renderer does not know."""


def render(folder):
    """The manifests of `folder`/kustomization.yaml, in the order of its resources."""
    folder = pathlib.Path(folder)
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    refuse_unknown(kustomization, KNOWN_KEYS, folder)
    manifests = []
    for resource in kustomization.get("resources", []):
        manifests += read_resource(folder / resource)
    for patch in kustomization.get("patches", []):
        refuse_unknown(patch, {"path"}, folder)
        apply_patch(manifests, yaml.safe_load((folder / patch["path"]).read_text()))
    for image in kustomization.get("images", []):
        refuse_unknown(image, {"name", "newTag"}, folder)
        set_tag(manifests, image)
    return manifests


def read_resource(path):
    if path.is_dir():
        return render(path)
    return [manifest for manifest in yaml.safe_load_all(path.read_text()) if manifest]


def refuse_unknown(mapping, known, where):
    unknown = sorted(set(mapping) - known)
    if unknown:
        raise UnknownFeature(f"{where}: {', '.join(unknown)}: teach deploy/kustomize.py about it")


def identity(manifest):
    metadata = manifest["metadata"]
    return manifest["apiVersion"], manifest["kind"], metadata.get("namespace"), metadata["name"]


def apply_patch(manifests, patch):
    for manifest in manifests:
        if identity(manifest) == identity(patch):
            return merge_mapping(manifest, patch, patch["metadata"]["name"])
    raise UnknownFeature(f"a patch for {identity(patch)}, which no resource has")


def merge_mapping(target, patch, path):
    for key, value in patch.items():
        here = f"{path}.{key}"
        if value is None or (isinstance(value, dict) and "$patch" in value):
            raise UnknownFeature(f"{here}: a patch that deletes")
        if key not in target:
            target[key] = copy.deepcopy(value)
        elif isinstance(value, dict):
            merge_mapping(target[key], value, here)
        elif isinstance(value, list):
            merge_by_name(target[key], value, key, here)
        else:
            target[key] = value


def merge_by_name(target, patch, key, path):
    if key not in MERGED_BY_NAME:
        raise UnknownFeature(f"{path}: a patch to a list that is there already")
    named = {item["name"]: item for item in target}
    for item in patch:
        if item["name"] not in named:
            raise UnknownFeature(f"{path}: {item['name']} is not there to be patched")
        merge_mapping(named[item["name"]], item, f"{path}.{item['name']}")


def set_tag(manifests, image):
    for manifest in manifests:
        pod = manifest.get("spec", {}).get("template", {}).get("spec", {})
        for container in pod.get("containers", []) + pod.get("initContainers", []):
            if container["image"].partition(":")[0] == image["name"]:
                container["image"] = f"{image['name']}:{image['newTag']}"
