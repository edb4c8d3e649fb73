#!/bin/sh
# tools/setup.sh [PACKAGE...]: makes sure that the Debian packages needed to build and test are
# there, and those named. As root it installs what is missing; anyone else is told the one line
# to run, and the exit code is 2. A run that finds everything in place takes a moment.
set -eu

packages="g++ meson ninja-build pkg-config libxtensor-dev libxtensor-blas-dev libxsimd-dev \
libopenblas-dev libdnnl-dev libfmt-dev doctest-dev librapidcheck-dev nlohmann-json3-dev libcli11-dev zlib1g-dev libzip-dev libmicrohttpd-dev \
libcsv-dev python3"

if ! command -v dpkg-query >/dev/null; then
    echo "setup: no dpkg here, so nothing is installed; needed are the counterparts of:" >&2
    echo "    $packages $*" >&2
    exit 0
fi

# dpkg-query fails when it does not know one of the names; its list is right all the same.
# shellcheck disable=SC2086
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $packages "$@" 2>/dev/null |
    sed -n 's/^installed //p')
missing=
for package in $packages "$@"; do
    echo "$installed" | grep -qxF "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
    echo "setup: Debian packages are missing; as root, run:" >&2
    echo "    apt-get install -y --no-install-recommends$missing" >&2
    exit 2
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
apt() { apt-get -q -o DPkg::Lock::Timeout=300 "$@" >>"$log" 2>&1 </dev/null; }

echo "setup: reading the package lists"
# With old lists at hand the packages may still be found.
apt update || echo "setup: apt-get update failed; going on with the lists at hand" >&2
echo "setup: installing$missing"
# shellcheck disable=SC2086
if ! apt install -y --no-install-recommends $missing; then
    tail -n 20 "$log" >&2
    echo "setup: apt-get install failed; the packages above are needed" >&2
    exit 2
fi
