#!/bin/bash
# Asks every operation of openapi.yaml for everything that the document allows, and for much that it does not: no reply
# may be a 5xx or differ from its description. Runs as the service, as an ordinary user, and as an account that is staff,
# administrator and not scoped.
#
#   npm run test:api
#
# Needs python3 with venv. Installs schemathesis into a temporary folder, starts the built gateway there on its embedded
# Postgres, and stops it by process id. FUZZ_EXAMPLES (30) is the number of requests an operation gets in each phase,
# FUZZ_SECONDS (200) the time each of the three callers gets, FUZZ_SEED repeats a run.
set -euo pipefail

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
examples=${FUZZ_EXAMPLES:-30}
seconds=${FUZZ_SECONDS:-200}
seed=${FUZZ_SEED:-$RANDOM}
version=4.32.5
# Else most of what an account hears would be 429.
generous=$(printf '%s=1000000/1m,' default file-name file-name-removal file-extension bulk-delete delete-all login)
generous=${generous%,}
gateway=
folder=$(mktemp -d)

finish() {
  [ -z "$gateway" ] || { kill "$gateway" 2>/dev/null && wait "$gateway" || true; }
  rm -rf "$folder"
}
trap finish EXIT

fail() {
  echo "test:api: $*" >&2
  exit 1
}

field() {
  node -e 'process.stdout.write(JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"))[process.argv[2]])' "$1" "$2"
}

start_gateway() {
  cd "$project"
  DATA_DIR="$folder/data" PORT=0 LOG_LEVEL=error RATE_LIMITS=$generous node dist/main.js serve --json >"$folder/welcome" 2>"$folder/log" &
  gateway=$!
  local tries=0
  until field "$folder/welcome" url >/dev/null 2>&1; do
    kill -0 "$gateway" 2>/dev/null || { cat "$folder/log" >&2; fail 'the gateway has ended'; }
    [ $((tries += 1)) -lt 150 ] || fail 'the gateway does not start'
    sleep 0.2
  done
  url=$(field "$folder/welcome" url)
}

# A bucket and an object under the names that the document's examples use, so that more than refusals are answered.
seed_store() {
  local bucket
  for bucket in avatars b; do
    curl -sS -o "$folder/reply" -H "Authorization: Bearer $1" -H 'content-type: application/json' \
      -d "{\"name\":\"$bucket\",\"public\":true}" "$url/bucket"
    curl -sS -o "$folder/reply" -H "Authorization: Bearer $1" -d 'some bytes' "$url/object/$bucket/folder/cat.png"
  done
}

# Prints the login of a new account.
open_account() {
  (cd "$project" && DATA_DIR="$folder/data" node dist/main.js user add fuzz --password 'a password' \
    --verified --staff --admin >"$folder/added")
  curl -sS -o "$folder/reply" -H 'content-type: application/json' \
    -d '{"username":"fuzz","password":"a password"}' "$url/auth/login"
  field "$folder/reply" access_token
}

# Left out: /docs and /metrics answer text for browsers and Prometheus, which the document describes as a string only;
# HTTP's own refusals that are the server's (an unsupported method, say) are judged by the integration tests.
fuzz() {
  echo "test:api: as $1, seed $seed"
  "$folder/venv/bin/schemathesis" run "$url/openapi.json" \
    --header "Authorization:Bearer $2" \
    --checks not_a_server_error,response_schema_conformance,content_type_conformance,status_code_conformance \
    --exclude-path /docs --exclude-path /metrics \
    --phases examples,coverage,fuzzing --mode all \
    --max-examples "$examples" --max-time "$seconds" --seed "$seed" \
    --request-timeout 20 --continue-on-failure --warnings off --no-color \
    --generation-database none
}

[ -f "$project/dist/main.js" ] || fail 'run npm run build first'
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check "schemathesis==$version"
start_gateway
service=$(field "$folder/welcome" serviceKey)
seed_store "$service"
user=$(cd "$project" && DATA_DIR="$folder/data" node dist/main.js token --role authenticated \
  --sub a11ce000-0000-4000-8000-000000000001)
account=$(open_account)
failures=0
fuzz 'the service' "$service" || failures=1
seed_store "$service"
fuzz 'an ordinary user' "$user" || failures=1
seed_store "$service"
fuzz 'an account' "$account" || failures=1
kill -0 "$gateway" 2>/dev/null || fail 'the gateway has ended under the requests'
if [ -s "$folder/log" ]; then
  echo 'test:api: the gateway logged errors:' >&2
  head -20 "$folder/log" >&2
  failures=1
fi
exit "$failures"
