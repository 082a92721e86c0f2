#!/bin/sh
# Brings a fresh Debian 12 machine (root, Node.js >= 20, npm) to where `npm start` and `npm test` run: says what it installs, installs only what is missing.
# Arguments are more Debian packages to have.
set -eu
cd "$(dirname "$0")/.."

debian_packages="iproute2 iptables ipset nftables iputils-ping bird2 frr bgpdump pmacct procps libfaketime user-mode-linux kmod gobgpd openbgpd exabgp"
missing=
for package in $debian_packages; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $package"
done
if [ -n "$missing" ]; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "missing Debian packages:$missing. Install them as root, then start again." >&2
    exit 1
  fi
  echo "installing Debian packages:$missing"
  # A package's own services must not start here: the lab runs its own BIRD and FRR in network namespaces.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod 755 $policy
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  apt-get update -qq
  # shellcheck disable=SC2086 # one word per package is what is meant
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

stamp=node_modules/.package-lock.json
if [ ! -e $stamp ] || [ package-lock.json -nt $stamp ] || [ ! -e node_modules/.bin/node ]; then
  echo "installing npm packages"
  # Not "npm ci": it refuses a lock file without the optional packages of other platforms, which not every registry mirror carries.
  npm install --no-save --no-audit --no-fund --loglevel=error
  touch $stamp
fi
if [ ! -d .tap/plugins ]; then
  echo "building the test runner"
  node_modules/.bin/node node_modules/.bin/tap build >/dev/null
fi
