"""Seeds errors into the manifests and expects every one to be found: python3 -m unittest."""

import copy
import pathlib
import tempfile
import unittest

import check_manifests
import kustomize
import manifest_rules

BASE = kustomize.render(check_manifests.FOLDER / "base")
GPU = kustomize.render(check_manifests.FOLDER / "overlays/gpu")


def find(manifests, kind, name="worker"):
    return next(each for each in manifests
                if each["kind"] == kind and each["metadata"]["name"] == name)


def container(manifests, name="worker"):
    return find(manifests, "StatefulSet", name)["spec"]["template"]["spec"]["containers"][0]


def pod(manifests, name="worker"):
    return find(manifests, "StatefulSet", name)["spec"]["template"]["spec"]


class RulesTest(unittest.TestCase):
    def setUp(self):
        self.manifests = copy.deepcopy(BASE)

    def expect(self, problem):
        found = manifest_rules.problems(self.manifests)
        self.assertTrue(any(problem in each for each in found), f"{problem!r} is not in {found}")

    def test_base_has_no_problems(self):
        self.assertEqual(manifest_rules.problems(self.manifests), [])

    def test_finds_a_selector_that_misses_its_pods(self):
        labels = find(self.manifests, "StatefulSet")["spec"]["selector"]["matchLabels"]
        labels["app.kubernetes.io/component"] = "wrker"
        self.expect("StatefulSet worker: its selector does not match")

    def test_finds_a_spread_constraint_that_misses_its_pods(self):
        pod(self.manifests)["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"] = {"a": "b"}
        self.expect("StatefulSet worker: its topologySpreadConstraints does not match")

    def test_finds_a_service_that_selects_nothing(self):
        find(self.manifests, "Service")["spec"]["selector"]["app.kubernetes.io/component"] = "x"
        self.expect("Service worker: selects nothing")

    def test_finds_a_budget_that_selects_everything(self):
        budget = find(self.manifests, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"]
        del budget["app.kubernetes.io/component"]
        self.expect("PodDisruptionBudget worker: selects ['StatefulSet coordinator'")

    def test_finds_a_service_port_without_container_port(self):
        find(self.manifests, "Service", "registry")["spec"]["ports"][0]["targetPort"] = "rpc"
        self.expect("Service registry: targetPort rpc names no port of StatefulSet registry")

    def test_finds_a_service_port_with_another_number(self):
        find(self.manifests, "Service", "registry")["spec"]["ports"][0]["port"] = 80
        self.expect("Service registry: port 80 leads to 7080")

    def test_finds_a_probe_of_a_missing_port(self):
        container(self.manifests)["readinessProbe"]["httpGet"]["port"] = "web"
        self.expect("container worker: readinessProbe asks port web")

    def test_finds_a_missing_probe(self):
        del container(self.manifests)["livenessProbe"]
        self.expect("container worker: has no livenessProbe")

    def test_finds_a_worker_service_that_is_not_headless(self):
        del find(self.manifests, "Service")["spec"]["clusterIP"]
        self.expect("Service worker: is not headless")

    def test_finds_a_stateful_set_without_its_service(self):
        find(self.manifests, "StatefulSet")["spec"]["serviceName"] = "workers"
        self.expect("StatefulSet worker: there is no Service workers")

    def test_finds_every_way_out_of_confinement(self):
        seeded = {"runAsNonRoot": False, "readOnlyRootFilesystem": False,
                  "allowPrivilegeEscalation": True, "capabilities": {"drop": ["NET_RAW"]},
                  "seccompProfile": {"type": "Unconfined"}}
        container(self.manifests)["securityContext"].update(seeded)
        for key in seeded:
            self.expect(f"container worker: securityContext.{key} is")

    def test_finds_a_root_container(self):
        container(self.manifests)["securityContext"]["runAsUser"] = 0
        self.expect("container worker: runs as root or privileged")

    def test_finds_use_of_the_host(self):
        pod(self.manifests)["hostNetwork"] = True
        pod(self.manifests)["volumes"].append({"name": "etc", "hostPath": {"path": "/etc"}})
        container(self.manifests)["ports"][0]["hostPort"] = 7090
        self.expect("StatefulSet worker: uses hostNetwork")
        self.expect("volume etc is a hostPath")
        self.expect("container worker: uses a hostPort")

    def test_finds_service_account_tokens(self):
        del pod(self.manifests)["automountServiceAccountToken"]
        del find(self.manifests, "ServiceAccount", "ropewalk")["automountServiceAccountToken"]
        self.expect("StatefulSet worker: mounts a service account's token")
        self.expect("ServiceAccount ropewalk: mounts its token")

    def test_finds_missing_resources(self):
        container(self.manifests)["resources"] = {"requests": {"cpu": "1"}}
        self.expect("container worker: has no resources.requests.memory")
        self.expect("container worker: has no resources.limits.memory")

    def test_finds_images_without_a_version(self):
        for image in ("ropewalk", "ropewalk:latest", "host:5000/ropewalk"):
            container(self.manifests)["image"] = image
            self.expect(f"image {image} is not pinned")

    def test_takes_images_with_a_digest(self):
        container(self.manifests)["image"] = "host:5000/ropewalk@sha256:" + 64 * "0"
        self.assertEqual(manifest_rules.problems(self.manifests), [])

    def test_finds_a_mount_of_no_volume(self):
        container(self.manifests)["volumeMounts"].append({"name": "models", "mountPath": "/models"})
        self.expect("StatefulSet worker: mounts models, which is no volume")

    def test_finds_other_ports_than_the_documented(self):
        container(self.manifests)["ports"][1]["containerPort"] = 8080
        self.expect("StatefulSet worker: has ports {'grpc': 7090, 'http': 8080}")

    def test_finds_a_missing_workload(self):
        self.manifests.remove(find(self.manifests, "StatefulSet", "registry"))
        self.expect("there are the workloads ['coordinator', 'worker']")

    def test_finds_pods_without_a_network_policy(self):
        del find(self.manifests, "StatefulSet")["spec"]["template"]["metadata"]["labels"][
            "app.kubernetes.io/name"]
        self.expect("StatefulSet worker: no NetworkPolicy holds for its pods")

    def test_finds_gpus_where_none_belong(self):
        container(self.manifests, "registry")["resources"]["limits"][manifest_rules.GPU] = "1"
        self.expect("StatefulSet registry: takes nvidia.com/gpu")

    def test_gpu_overlay_gives_gpus_to_workers_only(self):
        self.assertEqual(manifest_rules.problems(GPU, with_gpu=("worker",)), [])
        self.assertIn("StatefulSet worker: takes no nvidia.com/gpu",
                      manifest_rules.problems(BASE, with_gpu=("worker",)))


class SchemaTest(unittest.TestCase):
    def problems(self, manifest):
        return list(check_manifests.schema_problems(manifest, "1.32"))

    def test_finds_an_unknown_field(self):
        manifest = copy.deepcopy(find(BASE, "StatefulSet"))
        manifest["spec"]["replica"] = 3
        self.assertIn("'replica' was unexpected", self.problems(manifest)[0])

    def test_finds_a_wrong_type(self):
        manifest = copy.deepcopy(find(BASE, "StatefulSet"))
        manifest["spec"]["replicas"] = "three"
        self.assertIn("spec.replicas", self.problems(manifest)[0])

    def test_finds_an_unknown_kind(self):
        manifest = copy.deepcopy(find(BASE, "StatefulSet")) | {"kind": "StatefullSet"}
        self.assertIn("Couldn't find schema", self.problems(manifest)[0])


class KustomizeTest(unittest.TestCase):
    def render(self, kustomization, patch=None):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            base = check_manifests.FOLDER.resolve() / "base"
            (folder / "base").symlink_to(base)
            (folder / "kustomization.yaml").write_text("resources: [base]\n" + kustomization)
            header = "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: worker, namespace: ropewalk}, "
            (folder / "patch.yaml").write_text(header + f"spec: {patch}}}" if patch else "")
            return kustomize.render(folder)

    def test_patches_containers_by_name(self):
        manifests = self.render(
            "patches: [{path: patch.yaml}]",
            "{replicas: 9, template: {spec: {containers: [{name: worker, image: 'other:1'}]}}}")
        self.assertEqual(find(manifests, "StatefulSet")["spec"]["replicas"], 9)
        expected = container(BASE) | {"image": "other:1"}
        self.assertEqual(container(manifests), expected)

    def test_sets_the_tag_of_an_image(self):
        manifests = self.render("images: [{name: ropewalk, newTag: '7'}]")
        self.assertEqual(container(manifests, "registry")["image"], "ropewalk:7")

    def test_refuses_what_it_does_not_know(self):
        with self.assertRaisesRegex(kustomize.UnknownFeature, "namePrefix"):
            self.render("namePrefix: x-")
        with self.assertRaisesRegex(kustomize.UnknownFeature, "target"):
            self.render("patches: [{path: patch.yaml, target: {kind: Service}}]")

    def test_refuses_patches_to_lists_without_names(self):
        with self.assertRaisesRegex(kustomize.UnknownFeature, "volumes"):
            self.render("patches: [{path: patch.yaml}]",
                        "{template: {spec: {volumes: [{name: more, emptyDir: {}}]}}}")


if __name__ == "__main__":
    unittest.main()
