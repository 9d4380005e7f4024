#!/usr/bin/env bash
# Makes sure that Prometheus and Alertmanager are there: from Debian, where we may, else says what to install.
set -euo pipefail

missing=()
for program in prometheus promtool prometheus-alertmanager amtool; do
    command -v "$program" >/dev/null || missing+=("$program")
done
if [ ${#missing[@]} -eq 0 ]; then
    exit 0
fi
if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
    echo "These tests need Prometheus and Alertmanager, and found no ${missing[*]}." \
        "Install them (Debian: apt-get install prometheus prometheus-alertmanager) and try again" >&2
    exit 1
fi
echo "Installing Prometheus and Alertmanager (once)"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# Their services are not started: only the programs are wanted.
apt-get install -qq --no-install-recommends -o Dpkg::Use-Pty=0 prometheus prometheus-alertmanager >/dev/null
