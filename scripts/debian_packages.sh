#!/bin/sh
# Install the Debian packages that are missing: PostgreSQL with PostGIS, Python's venv, Pango and a Chinese font for
# what is printed; with --tests also Chromium. Asks no question; uses sudo only when something is missing.
set -eu

missing=""

has_postgis() {
    for server in /usr/lib/postgresql/*/bin/postgres "$(command -v postgres || true)"; do
        [ -x "$server" ] || continue
        bin=$(dirname "$(readlink -f "$server")")
        major=$(basename "$(dirname "$bin")")
        for share in "/usr/share/postgresql/$major" "$bin/../share/postgresql" "$bin/../share"; do
            [ -f "$share/extension/postgis.control" ] && return 0
        done
    done
    return 1
}

[ -n "${GEO_REGISTRY_DATABASE_URL:-}" ] || has_postgis || missing="$missing postgresql-postgis"
"${PYTHON:-python3}" -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"
# What is printed is laid out by Pango, in a Chinese font.
ls /usr/lib/*/libpangoft2-1.0.so.0 >/dev/null 2>&1 || missing="$missing libpangoft2-1.0-0"
ls /usr/lib/*/libharfbuzz-subset.so.0 >/dev/null 2>&1 || missing="$missing libharfbuzz-subset0"
ls /usr/share/fonts/opentype/noto/NotoSansCJK-* >/dev/null 2>&1 || missing="$missing fonts-noto-cjk"
if [ "${1:-}" = --tests ]; then
    command -v chromium >/dev/null || missing="$missing chromium"
fi
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "Please install what Debian calls:$missing" >&2
    exit 1
fi
as_root=""
[ "$(id -u)" = 0 ] || as_root="sudo"

# A machine without PostgreSQL gets the programs only: no cluster of Debian's, no server started at boot.
if ! ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1; then
    $as_root mkdir -p /etc/postgresql-common/createcluster.d
    echo "create_main_cluster = false" | $as_root tee /etc/postgresql-common/createcluster.d/geo-registry.conf >/dev/null
fi

echo "Installing Debian packages:$missing"
$as_root apt-get update -qq
# shellcheck disable=SC2086 # a list of words
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing >/dev/null
