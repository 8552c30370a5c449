#!/usr/bin/env bash
# Has a collector of OpenTelemetry take the traces of a signing, and checks that what it prints is one tree over the services, or of
# one by cosign, which sends no context, a tree for each call.
# Usage: run.sh SIGCTL FOLDER COSIGN. The collector is compiled into FOLDER/bin with the Go tool chain.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
sigctl=$(realpath "$1")
mkdir -p "$2/bin"
collector=$(cd "$2/bin" && pwd)/collector
(cd "$here" && go build -o "$collector" .)

work=$(mktemp -d)
port=$((20000 + RANDOM % 10000))
ended() {
  "$sigctl" down "$work/acme" >/dev/null 2>&1 || true
  kill "$collecting" 2>/dev/null || true
  rm -rf "$work"
}

cat > "$work/collector.yaml" <<END
receivers: {otlp: {protocols: {grpc: {endpoint: "127.0.0.1:$port"}}}}
exporters: {debug: {verbosity: detailed}}
service:
  telemetry: {metrics: {level: none}}
  pipelines: {traces: {receivers: [otlp], exporters: [debug]}}
END
"$collector" --config "file:$work/collector.yaml" > "$work/collected" 2>&1 &
collecting=$!
trap ended EXIT
timeout 60 sh -c "until grep -q 'Everything is ready' '$work/collected'; do sleep 0.2; done" ||
  { cat "$work/collected"; exit 1; }

"$sigctl" init "$work/acme" --name acme --anchors "$work/anchors" >/dev/null
sed -i "s|^telemetry:|&\n  otlp_endpoint: http://127.0.0.1:$port|" "$work"/acme/*/config.yaml
"$sigctl" up "$work/acme" --detach >/dev/null
date > "$work/file"
trace=$("$sigctl" --output json sign "$work/acme" "$work/file" --bundle "$work/bundle" --identity you@example.com \
  --traces "http://127.0.0.1:$port" | sed -n 's/.*"trace_id": "\([0-9a-f]*\)".*/\1/p')
"$3" sign-blob --yes --identity-token "$("$sigctl" token "$work/acme" --identity you@example.com)" --bundle "$work/cosign" \
  --signing-config "$work/acme/client/signing_config.v0.2.json" --trusted-root "$work/acme/client/trusted_root.json" \
  "$work/file" >/dev/null 2>&1
# Services send what they still hold when they stop, and so does the collector.
"$sigctl" down "$work/acme" >/dev/null
kill "$collecting"
wait "$collecting" || true

# A line for each span: its trace, its own number, that of its parent, service, method and path.
awk '
  / -> service.name: /          { service = $NF; gsub(/^Str\(|\)$/, "", service) }
  /^ +Trace ID +:/              { trace = $NF; parent = "-" }
  /^ +Parent ID +:/             { parent = $NF == ":" ? "-" : $NF }
  /^ +ID +:/                    { id = $NF }
  /^ +Name +:/                  { sub(/^ +Name +: /, ""); print trace, id, parent, service, $0 }
' "$work/collected" > "$work/all"
grep "^$trace " "$work/all" | sort -k4 > "$work/spans"
echo "what the collector has of the signing by sigctl:"
cat "$work/spans"
grep -v "^$trace " "$work/all" | grep ' POST ' | sort > "$work/others"
echo "and of that by cosign:"
cat "$work/others"

id() { awk -v service="$1" '$4 == service { print $2 }' "$2"; }
parent() { awk -v service="$1" '$4 == service { print $3 }' "$2"; }
is() { test "$1" = "$2" || { echo "$1 is not $2"; exit 1; }; }
is "$(wc -l < "$work/spans")" 5
is "$(parent sigstead-ctl "$work/spans")" -
for service in ca tsa tlog; do
  is "$(parent "sigstead-$service" "$work/spans")" "$(id sigstead-ctl "$work/spans")"
  is "$(parent "sigstead-$service" "$work/others")" -
done
for spans in spans others; do
  is "$(parent sigstead-ctlog "$work/$spans")" "$(id sigstead-ca "$work/$spans")"
done
echo "the one is one tree, the other a tree for each call"
