"""What holds for Ropewalk's Kubernetes manifests beyond their schema.

Each rule takes all manifests of one rendering and yields a sentence for every problem that it finds.
"""

PORTS = {"coordinator": {"grpc": 7070, "http": 7071},
         "registry": {"grpc": 7080, "http": 7081},
         "worker": {"grpc": 7090, "http": 7091}}
PROBES = ("startupProbe", "livenessProbe", "readinessProbe")
GPU = "nvidia.com/gpu"


def label(manifest):
    return f"{manifest['kind']} {manifest['metadata']['name']}"


def of_kind(manifests, *kinds):
    return [manifest for manifest in manifests if manifest["kind"] in kinds]


def workloads(manifests):
    return of_kind(manifests, "StatefulSet", "Deployment", "DaemonSet", "Job")


def pod_labels(workload):
    return workload["spec"]["template"].get("metadata", {}).get("labels", {})


def pod_spec(workload):
    return workload["spec"]["template"]["spec"]


def containers(manifests):
    """(where, pod's spec, container) of every container."""
    for workload in workloads(manifests):
        pod = pod_spec(workload)
        for container in pod["containers"] + pod.get("initContainers", []):
            yield f"{label(workload)}, container {container['name']}", pod, container


def matches(selector, labels):
    """Whether a label selector with matchLabels and matchExpressions selects `labels`."""
    holds = {"In": lambda value, values: value in values,
             "NotIn": lambda value, values: value not in values,
             "Exists": lambda value, values: value is not None,
             "DoesNotExist": lambda value, values: value is None}
    return (all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())
            and all(holds[each["operator"]](labels.get(each["key"]), each.get("values"))
                    for each in selector.get("matchExpressions", [])))


def selected(manifests, selector):
    return [workload for workload in workloads(manifests) if matches(selector, pod_labels(workload))]


def selectors_match_their_own_pods(manifests):
    for workload in workloads(manifests):
        selectors = {"selector": workload["spec"].get("selector", {})}
        for constraint in pod_spec(workload).get("topologySpreadConstraints", []):
            selectors["topologySpreadConstraints"] = constraint.get("labelSelector", {})
        for name, selector in selectors.items():
            if not selector or not matches(selector, pod_labels(workload)):
                yield f"{label(workload)}: its {name} does not match its own pods' labels"


def services_and_budgets_select_one_workload(manifests):
    selectors = [(service, {"matchLabels": service["spec"].get("selector", {})})
                 for service in of_kind(manifests, "Service")]
    selectors += [(budget, budget["spec"].get("selector", {}))
                  for budget in of_kind(manifests, "PodDisruptionBudget")]
    for manifest, selector in selectors:
        found = [label(workload) for workload in selected(manifests, selector)]
        if len(found) != 1:
            yield f"{label(manifest)}: selects {found or 'nothing'}, not exactly one workload"


def service_ports_lead_to_container_ports(manifests):
    for service in of_kind(manifests, "Service"):
        for workload in selected(manifests, {"matchLabels": service["spec"].get("selector", {})}):
            named = {port["name"]: port["containerPort"]
                     for container in pod_spec(workload)["containers"]
                     for port in container.get("ports", [])}
            for port in service["spec"]["ports"]:
                target = port.get("targetPort", port["port"])
                if target not in named:
                    yield f"{label(service)}: targetPort {target} names no port of {label(workload)}"
                elif named[target] != port["port"]:
                    yield f"{label(service)}: port {port['port']} leads to {named[target]}"


def probes_name_ports(manifests):
    for where, _, container in containers(manifests):
        names = {port["name"] for port in container.get("ports", [])}
        for probe in PROBES:
            if probe not in container:
                yield f"{where}: has no {probe}"
                continue
            port = container[probe].get("httpGet", {}).get("port")
            if port not in names:
                yield f"{where}: {probe} asks port {port}, which the container does not name"


def stateful_sets_have_their_service(manifests):
    services = {service["metadata"]["name"]: service for service in of_kind(manifests, "Service")}
    for workload in of_kind(manifests, "StatefulSet"):
        service = services.get(workload["spec"].get("serviceName"))
        if service is None:
            yield f"{label(workload)}: there is no Service {workload['spec'].get('serviceName')}"
        elif not matches({"matchLabels": service["spec"].get("selector", {})}, pod_labels(workload)):
            yield f"{label(workload)}: its {label(service)} selects other pods"
        elif workload["metadata"]["name"] == "worker" and service["spec"].get("clusterIP") != "None":
            yield f"{label(service)}: is not headless, but workers are reached one by one"


def containers_are_confined(manifests):
    for where, pod, container in containers(manifests):
        context = pod.get("securityContext", {}) | container.get("securityContext", {})
        wanted = {"runAsNonRoot": True, "readOnlyRootFilesystem": True,
                  "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]},
                  "seccompProfile": {"type": "RuntimeDefault"}}
        for key, value in wanted.items():
            if context.get(key) != value:
                yield f"{where}: securityContext.{key} is {context.get(key)}, not {value}"
        if context.get("runAsUser", 65532) == 0 or context.get("privileged"):
            yield f"{where}: runs as root or privileged"


def pods_keep_off_the_host(manifests):
    for workload in workloads(manifests):
        pod = pod_spec(workload)
        for key in ("hostNetwork", "hostPID", "hostIPC"):
            if pod.get(key):
                yield f"{label(workload)}: uses {key}"
        for volume in pod.get("volumes", []):
            if "hostPath" in volume:
                yield f"{label(workload)}: volume {volume['name']} is a hostPath"
    for where, _, container in containers(manifests):
        if any("hostPort" in port for port in container.get("ports", [])):
            yield f"{where}: uses a hostPort"


def pods_get_no_token(manifests):
    accounts = {each["metadata"]["name"]: each for each in of_kind(manifests, "ServiceAccount")}
    for workload in workloads(manifests):
        pod = pod_spec(workload)
        if pod.get("serviceAccountName") not in accounts:
            yield f"{label(workload)}: there is no ServiceAccount {pod.get('serviceAccountName')}"
        if pod.get("automountServiceAccountToken") is not False:
            yield f"{label(workload)}: mounts a service account's token"
    for account in accounts.values():
        if account.get("automountServiceAccountToken") is not False:
            yield f"{label(account)}: mounts its token"


def containers_state_their_resources(manifests):
    for where, _, container in containers(manifests):
        resources = container.get("resources", {})
        for kind, resource in (("requests", "cpu"), ("requests", "memory"), ("limits", "memory")):
            if resource not in resources.get(kind, {}):
                yield f"{where}: has no resources.{kind}.{resource}"


def images_are_pinned(manifests):
    for where, _, container in containers(manifests):
        image = container["image"]
        tag = image.rpartition("/")[2].partition(":")[2]
        if "@sha256:" not in image and tag in ("", "latest"):
            yield f"{where}: image {image} is not pinned to a version"


def mounts_name_volumes(manifests):
    for workload in workloads(manifests):
        pod = pod_spec(workload)
        volumes = {volume["name"] for volume in pod.get("volumes", [])}
        volumes |= {claim["metadata"]["name"]
                    for claim in workload["spec"].get("volumeClaimTemplates", [])}
        for container in pod["containers"]:
            for mount in container.get("volumeMounts", []):
                if mount["name"] not in volumes:
                    yield f"{label(workload)}: mounts {mount['name']}, which is no volume"


def ports_are_the_documented_ones(manifests):
    found = {workload["metadata"]["name"]: workload for workload in workloads(manifests)}
    if set(found) != set(PORTS):
        yield f"there are the workloads {sorted(found)}, not {sorted(PORTS)}"
    for name in sorted(set(found) & set(PORTS)):
        ports = {port["name"]: port["containerPort"]
                 for container in pod_spec(found[name])["containers"]
                 for port in container.get("ports", [])}
        if ports != PORTS[name]:
            yield f"{label(found[name])}: has ports {ports}, not {PORTS[name]}"


def pods_are_behind_a_network_policy(manifests):
    policies = [policy for policy in of_kind(manifests, "NetworkPolicy")
                if "Ingress" in policy["spec"].get("policyTypes", [])]
    for policy in policies:
        if not selected(manifests, policy["spec"]["podSelector"]):
            yield f"{label(policy)}: selects nothing"
    for workload in workloads(manifests):
        if not any(matches(policy["spec"]["podSelector"], pod_labels(workload)) for policy in policies):
            yield f"{label(workload)}: no NetworkPolicy holds for its pods"


RULES = (selectors_match_their_own_pods, services_and_budgets_select_one_workload,
         service_ports_lead_to_container_ports, probes_name_ports, stateful_sets_have_their_service,
         containers_are_confined, pods_keep_off_the_host, pods_get_no_token,
         containers_state_their_resources, images_are_pinned, mounts_name_volumes,
         ports_are_the_documented_ones, pods_are_behind_a_network_policy)


def gpus_are_where_expected(manifests, expected):
    """expected: names of the workloads that take GPUs, all others must not."""
    for workload in workloads(manifests):
        takes = any(GPU in container.get("resources", {}).get("limits", {})
                    for container in pod_spec(workload)["containers"])
        if takes != (workload["metadata"]["name"] in expected):
            yield f"{label(workload)}: {'takes' if takes else 'takes no'} {GPU}"


def problems(manifests, with_gpu=()):
    """Every problem of one rendering."""
    found = [problem for rule in RULES for problem in rule(manifests)]
    return found + list(gpus_are_where_expected(manifests, with_gpu))
