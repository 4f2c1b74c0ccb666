#!/usr/bin/env bash
# Builds the image and brings the stack of docker-compose.yml up, given a Docker engine: an object survives new containers,
# nothing runs as root, and stopping is orderly. Its own project name, so that a stack in use is not touched; the volumes
# it makes are removed at the end.
set -euo pipefail
cd "$(dirname "$0")/../.."
export SLUICE_ADDRESS=127.0.0.1:${TEST_PORT:-5055}
url=http://$SLUICE_ADDRESS
compose() { docker-compose --project-name sluice-packaging-test "$@"; }
if ! command -v docker-compose > /dev/null; then compose() { docker compose --project-name sluice-packaging-test "$@"; }; fi

claim() { printf '== %s\n' "$1"; }
fail() { printf 'FAILED: %s\n' "$1" >&2; exit 1; }
await_ready() { curl -sf --retry 60 --retry-delay 1 --retry-all-errors -o /dev/null "$url/ready" || fail 'not ready'; }

alone=sluice-packaging-test-alone
clean_up() {
  docker rm -f $alone > /dev/null 2>&1 || true
  docker volume rm $alone > /dev/null 2>&1 || true
  compose down --volumes > /dev/null 2>&1 || true
}
trap clean_up EXIT
compose build
compose up -d
await_ready

claim 'The gateway runs without root'
[ "$(compose exec -T gateway id -u)" = 1000 ] || fail 'the gateway is root'

claim 'An object outlives its containers'
key=$(compose exec -T gateway sluice token --role service_role)
authorized() { curl -sf -H "Authorization: Bearer $key" "$@"; }
authorized "$url/bucket" -H 'Content-Type: application/json' -d '{"name":"packaging"}' > /dev/null
authorized "$url/object/packaging/readme" -H 'Content-Type: text/plain' --data-binary @README.md > /dev/null
compose down
compose up -d
await_ready
authorized "$url/object/authenticated/packaging/readme" | cmp - README.md

claim 'Stopping is orderly'
gateway=$(compose ps -q gateway)
compose stop gateway
[ "$(docker inspect -f '{{.State.ExitCode}}' "$gateway")" = 0 ] || fail 'the gateway did not stop by itself'

claim 'Alone it runs unprivileged on a read-only disk, and finds its objects again'
start_alone() {
  docker run -d --rm --name $alone --read-only --cap-drop ALL --tmpfs /tmp -v $alone:/data -p "$SLUICE_ADDRESS:5000" sluice > /dev/null
  await_ready
}
start_alone
key=$(docker exec $alone sluice token --role service_role)
authorized "$url/bucket" -H 'Content-Type: application/json' -d '{"name":"packaging"}' > /dev/null
authorized "$url/object/packaging/readme" -H 'Content-Type: text/plain' --data-binary @README.md > /dev/null
docker stop $alone > /dev/null
docker wait $alone > /dev/null 2>&1 || true
start_alone
authorized "$url/object/authenticated/packaging/readme" | cmp - README.md
