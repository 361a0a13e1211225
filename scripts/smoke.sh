#!/usr/bin/env bash
# Starts the demo's servers, asks them everything once, and checks that the story came through.
set -euo pipefail
folder=$(mktemp -d)
cidash demo --serve >"$folder/demo.toml" &
server=$!
trap 'kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
for _ in $(seq 100); do
  [ -s "$folder/demo.toml" ] && break
  sleep 0.2
done
cidash --version
cidash --config "$folder/demo.toml" status --json >"$folder/status.json"
python3 - "$folder/status.json" <<'PYTHON'
import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    status = json.load(file)
assert status["schema_version"] == 1, "the envelope's version"
(repository,) = status["repositories"]
assert {38, 43} <= {pull["number"] for pull in repository["pulls"]["items"]}, "the story's pull requests"
assert status["epic"]["state"] == "live", "Jira answered"
print("The demo tells its story.")
PYTHON
