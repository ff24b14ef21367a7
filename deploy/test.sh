#!/usr/bin/env bash
# Checks the Kubernetes manifests, then builds the container image and runs the main job on a compose cluster of two workers.
# Run by `./dev deploy-test`. Needs python3 with venv, and docker compose with a running daemon or podman with podman-compose.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=build/deploy-venv
project=ropewalk-test-$$
result=build/deploy-test
export ROPEWALK_IMAGE=localhost/ropewalk:test ROPEWALK_WORKERS=2

say() { printf '\n\033[1m%s\033[0m\n' "$*" >&2; }
fail() { echo "deploy test: FAILED: $*" >&2; exit 1; }

# Runs a command once a second until it succeeds: wait_until SECONDS WHAT COMMAND...
wait_until() {
  local deadline=$((SECONDS + $1)) what=$2; shift 2
  until "$@"; do
    ((SECONDS < deadline)) || fail "$what: not in time"
    sleep 1
  done
}

check_manifests() {
  say "Kubernetes manifests"
  python3 -m venv "$venv" || fail "python3 cannot make a virtual environment: install python3-venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r deploy/requirements.txt
  "$venv/bin/python" deploy/check_manifests.py
  (cd deploy && "../$venv/bin/python" -m unittest --quiet check_manifests_test)
}

find_engine() {
  if docker compose version >/dev/null 2>&1 && docker info >/dev/null 2>&1; then
    engine=docker compose=(docker compose)
  elif podman info >/dev/null 2>&1 && command -v podman-compose >/dev/null; then
    engine=podman compose=(podman-compose)
    [[ -d /run/systemd/system ]] || export DISABLE_HC_SYSTEMD=true  # nobody to keep timers: we ask for health ourselves
  else
    fail "no container engine: wanted docker compose with a running daemon, or podman with podman-compose"
  fi
  compose+=(--project-name "$project" --file deploy/compose.yaml)
  say "Container engine: $engine"
}

# The job's result outside containers, to compare with.
run_demo() {
  [[ -x build/release/bin/ropewalk && -s build/demo.json ]] || ./dev demo
}

build_image() {
  say "The image"
  local format=()
  [[ $engine == podman ]] && format=(--format docker)  # the other format has no health checks
  "$engine" build "${format[@]}" --tag "$ROPEWALK_IMAGE" --file deploy/Dockerfile . >"$result/build.log" 2>&1 ||
    { tail -n 40 "$result/build.log" >&2; fail "the image does not build"; }
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

containers() { "$engine" ps --all --quiet --filter "label=com.docker.compose.project=$project"; }

start_cluster() {
  say "A cluster: coordinator, registry and $ROPEWALK_WORKERS workers"
  ROPEWALK_COORDINATOR_PORT=$(free_port)
  ROPEWALK_REGISTRY_PORT=$(free_port)
  ROPEWALK_REGISTRY_HTTP_PORT=$(free_port)
  export ROPEWALK_COORDINATOR_PORT ROPEWALK_REGISTRY_PORT ROPEWALK_REGISTRY_HTTP_PORT
  export ROPEWALK_COORDINATOR=127.0.0.1:$ROPEWALK_COORDINATOR_PORT ROPEWALK_REGISTRY=127.0.0.1:$ROPEWALK_REGISTRY_PORT
  "${compose[@]}" up --detach --no-build >"$result/up.log" 2>&1 || { cat "$result/up.log" >&2; fail "compose up"; }
  wait_until 120 "two idle workers" two_workers_are_idle
  build/release/bin/ropewalk workers list >&2
}

two_workers_are_idle() {
  build/release/bin/ropewalk workers list -o json 2>/dev/null |
    python3 -c 'import json, sys; sys.exit([w["state"] for w in json.load(sys.stdin)] != ["idle", "idle"])' 2>/dev/null
}

is_healthy() {
  if [[ $engine == podman ]]; then
    podman healthcheck run "$1" >/dev/null 2>&1
  else
    [[ $(docker inspect --format '{{.State.Health.Status}}' "$1") == healthy ]]
  fi
}

check_container() {
  local status
  status=$("$engine" exec "$1" cat /proc/1/status)
  grep -q -P '^Uid:(\t65532){4}$' <<<"$status" || fail "container $1 does not run as 65532"
  grep -q -P '^CapEff:\t0+$' <<<"$status" || fail "container $1 has capabilities"
  grep -q -P '^NoNewPrivs:\t1$' <<<"$status" || fail "container $1 may gain privileges"
  "$engine" exec "$1" grep -q -E '^[^ ]+ / [^ ]+ ro,' /proc/mounts || fail "container $1 has a writable root"
  wait_until 60 "container $1 healthy" is_healthy "$1"
}

check_containers() {
  say "Containers: user 65532, no capabilities, read-only root, healthy"
  local all
  mapfile -t all < <(containers)
  ((${#all[@]} == 4)) || fail "there are ${#all[@]} containers, not 4"
  for container in "${all[@]}"; do check_container "$container"; done
}

run_job() {
  say "The job: examples/dates/job.yaml"
  timeout 1800 build/release/bin/ropewalk submit examples/dates/job.yaml >&2 || fail "the job"
  build/release/bin/ropewalk adapters pull demo/dates --to "$result/adapter" >&2 || fail "pulling the adapter"
}

compare_with_demo() {
  local here demo
  here=$(sha256sum "$result/adapter/adapter_model.safetensors" | cut -d ' ' -f 1)
  demo=$(sed -n 's/.*"adapter_sha256": "\([0-9a-f]*\)".*/\1/p' build/demo.json)
  say "adapter_model.safetensors has sha256 $here"
  [[ $here == "$demo" ]] || fail "./dev demo made another adapter: $demo"
}

show_logs() {
  for container in $(containers); do
    say "container $container"
    "$engine" logs --tail 20 "$container" >&2 || true
  done
}

# Always: what the containers said when the test failed, and nothing left behind.
clean_up() {
  local code=$?
  trap - EXIT
  ((code == 0)) || show_logs
  containers | xargs --no-run-if-empty "$engine" rm --force --volumes >/dev/null || true
  "${compose[@]}" down --volumes >/dev/null 2>&1 || true
  "$engine" network rm "${project}_default" >/dev/null 2>&1 || true  # podman-compose leaves it
  ((code == 0)) && echo "deploy test: passed" >&2
  exit "$code"
}

check_manifests
find_engine
run_demo
rm -rf "$result" && mkdir -p "$result"
trap clean_up EXIT
trap 'exit 1' INT TERM
build_image
start_cluster
check_containers
run_job
compare_with_demo
