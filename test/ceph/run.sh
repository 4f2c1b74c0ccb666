#!/bin/bash
# Runs the BlobStore suite, and any test file given, against a real one-node Ceph RADOS Gateway on this machine.
#
#   npm run test:ceph [-- test/integration/other.test.ts …]
#
# Debian or Ubuntu, as root, without containers or systemd: installs Ceph's packages when they are missing, keeps every
# file in a temporary folder, and stops what it started, by process id. Needs 127.0.0.1:3300 and :6789 (fixed by Ceph),
# and RGW_PORT (7480). CEPH_STORE_GIB (8) is the size of the sparse file that holds the data.
set -euo pipefail

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
rgw_port=${RGW_PORT:-7480}
store_gib=${CEPH_STORE_GIB:-8}
packages=(ceph-mon ceph-mgr ceph-osd radosgw ceph-common)
access_key=sluice-test
secret_key=sluice-test-secret
starting=

fail() {
  echo "test:ceph: $*" >&2
  exit 1
}

install_packages() {
  local tool missing=
  for tool in ceph-mon ceph-mgr ceph-osd radosgw radosgw-admin ceph; do
    command -v "$tool" >/dev/null || missing=yes
  done
  [ -n "$missing" ] || return 0
  echo "test:ceph: installing ${packages[*]}" >&2
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >"$folder/apt.log" ||
    { tail -20 "$folder/apt.log" >&2; fail 'the packages could not be installed'; }
}

write_configuration() {
  cat >"$CEPH_CONF" <<EOF
[global]
fsid = $fsid
mon initial members = a
mon host = [v2:127.0.0.1:3300,v1:127.0.0.1:6789]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
public network = 127.0.0.0/8
ms bind ipv6 = false
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pgp num = 8
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon warn on pool no redundancy = false
mon max pg per osd = 1000
run dir = $folder/run
pid file = $folder/run/\$type.\$id.pid
admin socket = $folder/run/\$cluster-\$type.\$id.asok
log file = $folder/log/\$type.\$id.log
mon cluster log file = $folder/log/cluster.log
crash dir = $folder/crash
keyring = $folder/\$type.\$id.keyring
debug rgw = 0/0
debug ms = 0/0

[client.admin]
keyring = $folder/client.admin.keyring

[mon.a]
host = localhost
mon addr = 127.0.0.1
mon data = $folder/mon/a
keyring = $folder/mon/a/keyring
mon data avail warn = 5
mon data avail crit = 2

[mgr.x]
mgr data = $folder/mgr/x

[osd.0]
osd data = $folder/osd/0
osd objectstore = bluestore
bluestore block create = true
bluestore block size = $((store_gib * 1024 * 1024 * 1024))
osd memory target = 1073741824
bdev enable discard = false

[client.rgw.r]
host = localhost
# Without nodelay every GET on a kept connection waits 40 ms for a delayed acknowledgment.
rgw frontends = beast endpoint=127.0.0.1:$rgw_port tcp_nodelay=1
rgw enable usage log = false
rgw dns name = localhost
EOF
}

start_cluster() {
  ceph-authtool --create-keyring mon.tmp.keyring --gen-key -n mon. --cap mon 'allow *'
  ceph-authtool --create-keyring client.admin.keyring --gen-key -n client.admin \
    --cap mon 'allow *' --cap osd 'allow *' --cap mds 'allow *' --cap mgr 'allow *'
  ceph-authtool mon.tmp.keyring --import-keyring client.admin.keyring
  monmaptool --create --clobber --addv a '[v2:127.0.0.1:3300,v1:127.0.0.1:6789]' --fsid "$fsid" monmap
  ceph-mon --mkfs -i a --monmap monmap --keyring mon.tmp.keyring
  ceph-mon -i a

  ceph auth get-or-create mgr.x mon 'allow profile mgr' osd 'allow *' mds 'allow *' -o mgr.x.keyring
  ceph-mgr -i x

  ceph osd new "$(cat /proc/sys/kernel/random/uuid)"
  ceph auth get-or-create osd.0 mon 'allow profile osd' mgr 'allow profile osd' osd 'allow *' -o osd.0.keyring
  local osd_uuid
  osd_uuid=$(ceph osd dump | awk '/^osd.0/{print $NF}')
  ceph-osd -i 0 --mkfs --osd-uuid "$osd_uuid"
  ceph-osd -i 0

  ceph auth get-or-create client.rgw.r mon 'allow rw' osd 'allow rwx' mgr 'allow rw' -o client.rgw.r.keyring
  radosgw -n client.rgw.r
  radosgw-admin user create --uid=test --display-name=test --access-key="$access_key" --secret-key="$secret_key"
}

wait_for_gateway() {
  local deadline=$((SECONDS + 90))
  until curl --silent --fail --output /dev/null "http://127.0.0.1:$rgw_port/"; do
    [ "$SECONDS" -lt "$deadline" ] || fail "the gateway did not answer within 90 s; see $folder/log"
    sleep 0.2
  done
}

# Every daemon wrote its process id into run/; the gateway goes first, the monitor last.
stop_cluster() {
  local status=$? file pid
  trap - EXIT
  if [ -n "$starting" ]; then
    tail -20 "$folder/start.log" >&2
    echo 'test:ceph: the cluster did not start' >&2
  fi
  for file in "$folder"/run/client.rgw.r.pid "$folder"/run/osd.0.pid "$folder"/run/mgr.x.pid "$folder"/run/mon.a.pid; do
    [ -s "$file" ] || continue
    pid=$(cat "$file")
    kill "$pid" 2>/dev/null || continue
    for _ in $(seq 100); do
      kill -0 "$pid" 2>/dev/null || continue 2
      sleep 0.1
    done
    kill -9 "$pid" 2>/dev/null || true
  done
  cd /
  rm -rf "$folder"
  exit "$status"
}

[ "$(id -u)" = 0 ] || fail 'Ceph needs root'
command -v apt-get >/dev/null || fail 'this script knows Debian and Ubuntu only'
folder=$(mktemp -d)
trap stop_cluster EXIT
trap 'exit 130' INT TERM
mkdir -p "$folder"/{mon/a,mgr/x,osd/0,run,log,crash}
export CEPH_CONF=$folder/ceph.conf
fsid=$(cat /proc/sys/kernel/random/uuid)

install_packages
write_configuration
cd "$folder"
starting=yes # Not `if start_cluster`: inside a condition `set -e` would let failing commands pass.
start_cluster >"$folder/start.log" 2>&1
starting=
wait_for_gateway

cd "$project"
export TEST_S3_ENDPOINT=http://127.0.0.1:$rgw_port TEST_S3_REGION=us-east-1
export TEST_S3_ACCESS_KEY_ID=$access_key TEST_S3_SECRET_ACCESS_KEY=$secret_key
npx jest test/integration/s3-store.test.ts "$@"
