#!/usr/bin/env bash
# Makes sure that a Chromium is there: from Debian, where we may, else says what to install.
set -euo pipefail

for program in chromium chromium-browser google-chrome; do
    if command -v "$program" >/dev/null; then
        exit 0
    fi
done
if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
    echo "These tests look at the report in Chromium, and found none." \
        "Install it (Debian: apt-get install chromium) and try again" >&2
    exit 1
fi
echo "Installing Chromium (once, about half a minute)"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq --no-install-recommends -o Dpkg::Use-Pty=0 chromium >/dev/null
