#!/usr/bin/env bash
# up.sh: bring up a Docker engine for development and CI on a bare Debian 12
# machine (root, amd64) that reaches the Debian archive but no image registry.
#
# It gives: a running dockerd with BuildKit and the containerd image store, the
# docker client with buildx and compose, a local registry, and stand-ins for the
# official base images: debian:bookworm-slim and python:X.Y-slim-bookworm.
#
# Idempotent: whatever already works is kept. If `docker info` answers (on
# DOCKER_HOST, else the default socket) that engine is used and left alone; only
# what is missing around it (plugins, registry, images) is added.
#
#   ./up.sh && . "${MLC_ENGINE_HOME:-/var/lib/mlc-engine}/env.sh"
#
# Settings, all from the environment:
#   MLC_ENGINE_HOME   /var/lib/mlc-engine   data, logs, downloads, env.sh
#   MLC_ENGINE_RUN    /run/mlc-engine       exec root, pid files
#   MLC_PREFIX        /usr/local            client, daemon and plugins go here
#   DOCKER_HOST       unix:///var/run/docker.sock (only unix:// can be started)
#   MLC_SUITES        "sid trixie"          where to take the engine from, in order
#   MLC_MIRROR        the archive apt uses   where Debian packages come from
#   MLC_SECURITY      likewise               and their security updates
#   MLC_DOCKERD_ARGS  ""                    extra dockerd arguments
#   MLC_BRIDGE        ""                    a bridge of this engine's own, made here, so
#   MLC_SUBNET        10.213.0.1/24         that it stands beside another engine: else it
#                                           would take that one's docker0 and packet rules
#   MLC_CACHE_SIZE    20GB                  build cache kept by the engine
#   MLC_REGISTRY_PORT 5000                  127.0.0.1:PORT; 0 for no registry
#   MLC_PYTHONS       auto                  X.Y ... for python images; "" for none;
#                                           auto: 3.11 and every pyenv one from 3.10 on.
#                                           An X.Y that pyenv lacks comes from Debian:
#                                           3.11 bookworm, else trixie or sid userland,
#                                           then named python:X.Y-slim only
#   MLC_ALIASES       ""                    more names: "nvidia/cuda:T=debian:bookworm-slim ..."
#   MLC_FAKE_GPU      0                     1: GPU requests are accepted with no GPU
#                                           behind them (--gpus, and CDI nvidia.com/gpu=0),
#                                           to test that path; only when started here
#   MLC_BAKE_CA       auto                  put this machine's own CAs into the
#                                           images: 1, 0, auto (1 if it has any)
#   MLC_REBUILD       0                     1: make the images again
set -Eeuo pipefail
export LC_ALL=C

HOME_DIR=${MLC_ENGINE_HOME:-/var/lib/mlc-engine}
RUN_DIR=${MLC_ENGINE_RUN:-/run/mlc-engine}
PREFIX=${MLC_PREFIX:-/usr/local}
SUITES=${MLC_SUITES:-sid trixie}
# The archive that this machine's apt is configured for: its main and its security
# part. (Asked this way apt answers even where its lists were never fetched.)
apt_uri() { apt-get --print-uris update 2>/dev/null | sed -nE "s#^'(.*)/dists/$1/InRelease'.*#\1#p" | sort -u | sed -n 1p; }
MIRROR=${MLC_MIRROR:-$(apt_uri bookworm)}
SECURITY=${MLC_SECURITY:-$(apt_uri bookworm-security)}
CACHE_SIZE=${MLC_CACHE_SIZE:-20GB}
PORT=${MLC_REGISTRY_PORT:-5000}
PYTHONS=${MLC_PYTHONS-auto}
ALIASES=${MLC_ALIASES-}
BAKE_CA=${MLC_BAKE_CA:-auto}
REBUILD=${MLC_REBUILD:-0}
HOST=${DOCKER_HOST:-unix:///var/run/docker.sock}
BIN=$PREFIX/bin
PLUGINS=$PREFIX/lib/docker/cli-plugins
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
REGISTRY=127.0.0.1:$PORT
T0=$SECONDS

say() { printf '[%3ds] %s\n' $((SECONDS - T0)) "$*"; }
die() { printf 'up.sh: %s\n' "$*" >&2; exit 1; }
trap 'die "line $LINENO: \"$BASH_COMMAND\" failed (logs are in $HOME_DIR/log)"' ERR

[ "$(id -u)" = 0 ] || die "must run as root"
[ "$(uname -m)" = x86_64 ] || die "this machine is $(uname -m); only x86_64 is supported"
[ -n "$MIRROR" ] || die "apt on this machine knows no bookworm archive: set MLC_MIRROR"
[ -r "$KEYRING" ] || die "$KEYRING is missing: install debian-archive-keyring"
case $HOST in unix://*) SOCK=${HOST#unix://} ;; *) SOCK= ;; esac
mkdir -p "$HOME_DIR"/{log,dl,bin} "$RUN_DIR" "$BIN" "$PLUGINS"
exec 9>"$HOME_DIR/lock"
flock -w 600 9 || die "another up.sh has held $HOME_DIR/lock for 10 minutes"

# PATH and plugins of this script's own shell; env.sh hands the same to others.
export PATH=$BIN:$PATH DOCKER_HOST=$HOST
if [ "$PREFIX" != /usr/local ]; then
  export DOCKER_CONFIG=$HOME_DIR/config
  mkdir -p "$DOCKER_CONFIG"
  [ -e "$DOCKER_CONFIG/config.json" ] ||
    printf '{"cliPluginsExtraDirs": ["%s"]}\n' "$PLUGINS" >"$DOCKER_CONFIG/config.json"
fi

# --- Debian packages, without touching the machine's own apt lists -----------
APT_OPTS=()
apt_setup() { # suite
  local dir=$HOME_DIR/apt/$1
  mkdir -p "$dir"/lists/partial "$dir"/cache/archives/partial
  {
    echo "deb [signed-by=$KEYRING] $MIRROR $1 main"
    case $1 in sid | unstable | testing) ;; *)
      echo "deb [signed-by=$KEYRING] $MIRROR $1-updates main"
      [ -z "$SECURITY" ] || echo "deb [signed-by=$KEYRING] $SECURITY $1-security main"
      ;;
    esac
  } >"$dir/sources.list"
  APT_OPTS=(-q -y -o "Dir::Etc::sourcelist=$dir/sources.list" -o Dir::Etc::sourceparts=-
    -o "Dir::State::Lists=$dir/lists" -o "Dir::Cache=$dir/cache" -o APT::Sandbox::User=root
    -o Acquire::Languages=none -o Acquire::Retries=3 -o Dpkg::Use-Pty=0
    -o Acquire::Check-Valid-Until=false) # the archive seen from here may be frozen
  if ! find "$dir/lists" -name '*_Packages*' -mmin -720 | grep -q .; then
    apt-get "${APT_OPTS[@]}" --error-on=any update >>"$HOME_DIR/log/apt" 2>&1 || return 1
  fi
}

unpack() { # suite directory package...: downloads and unpacks, installs nothing
  local suite=$1 dir=$2 dl
  shift 2
  dl=$HOME_DIR/dl/$suite
  mkdir -p "$dl" "$dir"
  apt_setup "$suite" || return 1
  (cd "$dl" && rm -f ./*.deb && apt-get "${APT_OPTS[@]}" -o Dir::State::status=/dev/null download "$@") >>"$HOME_DIR/log/apt" 2>&1 || return 1
  for deb in "$dl"/*.deb; do dpkg-deb -x "$deb" "$dir" || return 1; done
  rm -f "$dl"/*.deb
}

install_host() { # program=package...: installs those whose program is missing
  local want=() p
  for p; do command -v "${p%%=*}" >/dev/null || want+=("${p#*=}"); done
  [ ${#want[@]} = 0 ] && return
  say "installing ${want[*]}"
  apt_setup bookworm || die "the Debian archive does not answer at $MIRROR (see $HOME_DIR/log/apt)"
  DEBIAN_FRONTEND=noninteractive apt-get "${APT_OPTS[@]}" install --no-install-recommends "${want[@]}" \
    >>"$HOME_DIR/log/apt" 2>&1 || die "cannot install ${want[*]} (see $HOME_DIR/log/apt)"
}

# --- engine -------------------------------------------------------------------
have_engine() { docker info >/dev/null 2>&1; }
have_plugins() { docker buildx version >/dev/null 2>&1 && docker compose version >/dev/null 2>&1; }

fetch_engine() { # suite: puts engine, client and plugins under PREFIX
  local suite=$1 r=$HOME_DIR/unpacked/$1 f
  rm -rf "$r"
  unpack "$suite" "$r" docker.io docker-cli docker-buildx docker-compose containerd ||
    { say "$suite: $(grep '^E:' "$HOME_DIR/log/apt" | tail -1)"; return 1; }
  for f in sbin/dockerd bin/docker bin/containerd libexec/docker/cli-plugins/docker-buildx; do
    # A suite whose binaries need a newer glibc than this machine's fails here.
    "$r/usr/$f" --help >/dev/null 2>&1 || { say "$suite: ${f##*/} does not run here"; return 1; }
  done
  # Remove before copying: a running binary cannot be overwritten (ETXTBSY).
  for f in sbin/dockerd sbin/docker-proxy bin/docker bin/containerd bin/containerd-shim-runc-v2 bin/ctr; do
    rm -f "$BIN/${f##*/}"; install -m755 "$r/usr/$f" "$BIN/"
  done
  for f in docker-buildx docker-compose; do
    rm -f "$PLUGINS/$f"; install -m755 "$r/usr/libexec/docker/cli-plugins/$f" "$PLUGINS/"
  done
  rm -rf "$r"
}

make_bridge() { # name subnet: with a way out for what is behind it; down.sh removes all of it
  echo "$1 $2" >"$HOME_DIR/bridge"
  ip link show "$1" >/dev/null 2>&1 || { ip link add "$1" type bridge && ip addr add "$2" dev "$1"; } || return 1
  ip link set "$1" up && echo 1 >/proc/sys/net/ipv4/ip_forward || return 1
  local rule
  for rule in "nat POSTROUTING -s $2 ! -o $1 -j MASQUERADE" "filter FORWARD -i $1 -j ACCEPT" "filter FORWARD -o $1 -j ACCEPT"; do
    # shellcheck disable=SC2086
    set -- "$1" "$2" $rule
    iptables -w -t "$3" -C "${@:4}" 2>/dev/null || iptables -w -t "$3" -I "${@:4}" || return 1
  done
}

start_engine() {
  local path=$PATH cdi=''
  mkdir -p "$HOME_DIR/data"
  if [ "${MLC_FAKE_GPU:-0}" = 1 ]; then
    mkdir -p "$HOME_DIR/fake-gpu"
    path=$HOME_DIR/fake-gpu:$PATH cdi="\"cdi-spec-dirs\": [\"/etc/cdi\", \"/var/run/cdi\", \"$HOME_DIR/fake-gpu\"],"
    printf '#!/bin/sh\nexit 0\n' >"$HOME_DIR/fake-gpu/nvidia-container-runtime-hook"
    chmod +x "$HOME_DIR/fake-gpu/nvidia-container-runtime-hook"
    printf '%s\n' 'cdiVersion: "0.6.0"' 'kind: nvidia.com/gpu' 'devices:' \
      '- {name: "0", containerEdits: {env: ["MLC_FAKE_GPU=0"]}}' \
      '- {name: all, containerEdits: {env: ["MLC_FAKE_GPU=all"]}}' >"$HOME_DIR/fake-gpu/nvidia.yaml"
  fi
  cat >"$HOME_DIR/daemon.json" <<-J
	{
	  $cdi
	  "features": {"containerd-snapshotter": true},
	  "builder": {"gc": {"enabled": true, "policy": [{"keepStorage": "$CACHE_SIZE", "all": true}]}},
	  "registry-mirrors": ["http://$REGISTRY"],
	  "log-opts": {"max-size": "10m", "max-file": "2"}
	}
	J
  [ "$PORT" != 0 ] || sed -i '/registry-mirrors/d' "$HOME_DIR/daemon.json"
  # The kernel must offer cgroups; minimal VMs do not always mount them.
  if ! grep -q ' /sys/fs/cgroup' /proc/mounts; then
    mount -t cgroup2 none /sys/fs/cgroup || die "cannot mount cgroups"
  fi
  local bridge=()
  if [ -n "${MLC_BRIDGE-}" ]; then
    # A dockerd that starts writes Docker's packet rules anew, for its own bridge alone: containers of the
    # engine beside it would lose their network. This one writes none; the three it needs are made here.
    bridge=(--bridge "$MLC_BRIDGE" --iptables=false --ip6tables=false)
    make_bridge "$MLC_BRIDGE" "${MLC_SUBNET:-10.213.0.1/24}" || die "cannot make the bridge $MLC_BRIDGE"
  fi
  rm -f "$RUN_DIR/docker.pid"
  # shellcheck disable=SC2086
  PATH=$path setsid dockerd --config-file "$HOME_DIR/daemon.json" --data-root "$HOME_DIR/data" \
    --exec-root "$RUN_DIR/exec" --pidfile "$RUN_DIR/docker.pid" --host "unix://$SOCK" "${bridge[@]}" \
    ${MLC_DOCKERD_ARGS-} >"$HOME_DIR/log/dockerd" 2>&1 </dev/null 9>&- &
  local pid=$! i
  for ((i = 0; i < 150; i++)); do
    have_engine && return
    kill -0 $pid 2>/dev/null || break
    sleep 0.2
  done
  kill $pid 2>/dev/null || true
  wait $pid 2>/dev/null || true
  return 1
}

# --- the Debian root file system is made while the engine is fetched ----------
ROOTFS=$HOME_DIR/bookworm.tar
make_rootfs() { # suite tar [mmdebstrap option...]
  local suite=$1 out=$2 hook=() sources=("deb $MIRROR $1 main")
  shift 2
  [ "$suite" = sid ] || sources+=("deb $MIRROR $suite-updates main")
  [ "$suite" = sid ] || [ -z "$SECURITY" ] || sources+=("deb $SECURITY $suite-security main")
  # As in the official image: packages keep no documentation, apt keeps no caches.
  export RM='rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb /var/cache/apt/*.bin || true'
  # Without these two the image carries usrmerge and with it all of perl (+49 MB).
  [ "$suite" = bookworm ] && [ -d /usr/share/mmdebstrap/hooks/merged-usr ] &&
    hook=(--include=usr-is-merged --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr)
  mmdebstrap --quiet --variant=minbase "${hook[@]}" --dpkgopt=force-unsafe-io \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
    --aptopt='APT::Install-Suggests "false"' --aptopt='Acquire::Languages "none"' \
    --aptopt='Acquire::Check-Valid-Until "false"' \
    --customize-hook='rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*.bin "$1"/var/log/*.log' \
    --customize-hook='printf "%s\n" "DPkg::Post-Invoke { \"$RM\"; };" "APT::Update::Post-Invoke { \"$RM\"; };" "Dir::Cache::pkgcache \"\";" "Dir::Cache::srcpkgcache \"\";" >"$1"/etc/apt/apt.conf.d/docker-clean' \
    "$@" "$suite" "$out.part.tar" "${sources[@]}" >"$HOME_DIR/log/mmdebstrap-$suite" 2>&1 &&
    mv "$out.part.tar" "$out"
}
image_there() { [ "$REBUILD" = 0 ] && docker image inspect "$1" >/dev/null 2>&1; }

rootfs_pid=
[ "$REBUILD" = 0 ] || rm -f "$ROOTFS"
if [ ! -s "$ROOTFS" ] && ! image_there debian:bookworm-slim; then
  install_host mmdebstrap=mmdebstrap
  make_rootfs bookworm "$ROOTFS" 9>&- & rootfs_pid=$!
fi

if have_engine; then
  say "using the engine that already answers at $HOST"
  if ! have_plugins; then
    for suite in $SUITES; do
      say "fetching docker client, buildx and compose from $suite"
      fetch_engine "$suite" && have_plugins && break
    done
  fi
else
  [ -n "$SOCK" ] || die "no engine answers at $HOST, and only a unix:// one can be started"
  install_host runc=runc iptables=iptables tini-static=tini ip=iproute2
  ln -sf "$(command -v tini-static)" "$BIN/docker-init"
  started=
  for suite in $SUITES; do
    if [ "$(cat "$HOME_DIR/suite" 2>/dev/null)" != "$suite" ] || ! [ -x "$BIN/dockerd" ]; then
      say "fetching the engine from $suite"
      fetch_engine "$suite" || continue
    fi
    [ -e "$HOME_DIR/data" ] && fresh= || fresh=1
    say "starting the engine"
    if start_engine; then started=1; echo "$suite" >"$HOME_DIR/suite"; break; fi
    say "the engine from $suite does not start: $(grep -v level=info "$HOME_DIR/log/dockerd" | tail -1)"
    [ -z "$fresh" ] || rm -rf "$HOME_DIR/data"
  done
  [ -n "$started" ] || die "no engine could be started from: $SUITES (see $HOME_DIR/log/dockerd)"
fi
have_engine || die "the engine at $HOST does not answer"
have_plugins || die "docker buildx or docker compose is missing and could not be fetched from: $SUITES"
say "engine $(docker version -f '{{.Server.Version}}'), $(docker buildx version | cut -d' ' -f1-2), compose $(docker compose version --short)"
case $(docker version -f '{{.Server.Version}}') in
  1?.* | 20.*) say "WARNING: this engine is older than 23: stop it and run up.sh again for a newer BuildKit" ;;
esac

# --- registry -----------------------------------------------------------------
registry_answers() { (exec 3<>"/dev/tcp/127.0.0.1/$PORT" && printf 'GET /v2/ HTTP/1.0\r\n\r\n' >&3 && grep -q '200 OK' <&3) 2>/dev/null; }
if [ "$PORT" != 0 ] && ! registry_answers; then
  if [ ! -x "$HOME_DIR/bin/docker-registry" ]; then
    unpack bookworm "$HOME_DIR/unpacked/registry" docker-registry || die "cannot fetch docker-registry (see $HOME_DIR/log/apt)"
    install -m755 "$HOME_DIR/unpacked/registry/usr/bin/docker-registry" "$HOME_DIR/bin/"
  fi
  cat >"$HOME_DIR/registry.yml" <<-Y
	version: 0.1
	log: {level: warn, accesslog: {disabled: true}}
	storage: {filesystem: {rootdirectory: $HOME_DIR/registry}, delete: {enabled: true}}
	http: {addr: "$REGISTRY"}
	Y
  setsid "$HOME_DIR/bin/docker-registry" serve "$HOME_DIR/registry.yml" >"$HOME_DIR/log/registry" 2>&1 </dev/null 9>&- &
  echo $! >"$RUN_DIR/registry.pid"
  for ((i = 0; i < 50; i++)); do registry_answers && break; sleep 0.1; done
  registry_answers || die "the registry does not answer on $REGISTRY: $(tail -1 "$HOME_DIR/log/registry")"
  say "registry on $REGISTRY"
fi

# --- base images --------------------------------------------------------------
if [ -n "$rootfs_pid" ]; then
  say "waiting for the Debian root file system"
  wait "$rootfs_pid" || die "mmdebstrap failed: $(grep '^E:' "$HOME_DIR/log/mmdebstrap-bookworm" | head -1)"
fi
if ! image_there debian:bookworm-slim; then
  docker import -c 'CMD ["bash"]' -c 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
    "$ROOTFS" debian:bookworm-slim >/dev/null || die "cannot import debian:bookworm-slim"
  say "image debian:bookworm-slim"
fi

CTX=$HOME_DIR/ctx
rm -rf "$CTX" && mkdir -p "$CTX"
case $BAKE_CA in auto) compgen -G '/usr/local/share/ca-certificates/*.crt' >/dev/null && BAKE_CA=1 || BAKE_CA=0 ;; esac
mkdir -p "$CTX/ca"
[ "$BAKE_CA" = 0 ] || cp /usr/local/share/ca-certificates/*.crt "$CTX/ca/"
# What CPython needs at run time, and what the official image has around it.
RUN_LIBS='ca-certificates netbase tzdata libbz2-1.0 libexpat1 libffi8 libgdbm6 liblzma5 libncursesw6 libreadline8 libsqlite3-0 libssl3 libuuid1 zlib1g'
CA_STEPS='COPY ca/ /usr/local/share/ca-certificates/
RUN update-ca-certificates 2>/dev/null; [ -z "$(ls /usr/local/share/ca-certificates)" ] || printf "[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n" >/etc/pip.conf'
[ "$BAKE_CA" = 0 ] || CA_STEPS+='
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt'
# The same first steps for every version, so that they are built once.
BASE_STEPS="FROM debian:bookworm-slim
ENV LANG=C.UTF-8
RUN apt-get update && apt-get install -y --no-install-recommends $RUN_LIBS && rm -rf /var/lib/apt/lists/*
$CA_STEPS"

suite_of() { # X.Y: sets SUITE to the suite whose own python3 is that version
  for SUITE in trixie sid; do
    apt_setup $SUITE && apt-get "${APT_OPTS[@]}" -o Dir::State::status=/dev/null --print-uris download python3 2>/dev/null | grep -q "/python3_$1\." && return
  done
  SUITE=
}

build_python() { # X.Y: from pyenv, else a Debian package
  local v=$1 tag=python:$1-slim-bookworm from dir='' SUITE=''
  image_there "$tag" && return
  for from in "${PYENV_ROOT:-${HOME:-/root}/.pyenv}"/versions/"$v".*; do [ -x "$from/bin/python$v" ] && dir=$from; done
  local c=$CTX/$v d=$CTX/Dockerfile.$v
  if [ -n "$dir" ]; then
    # A CPython built on this machine: a relocated and stripped copy of it, less
    # tests, static library and installed packages, plus its own bundled pip.
    mkdir -p "$c"
    tar -C "$dir" --exclude=__pycache__ --exclude='lib/python*/test' --exclude='lib/python*/*/test' \
      --exclude='lib/python*/*/tests' --exclude='lib/python*/idlelib' --exclude='lib/python*/tkinter' \
      --exclude='lib/python*/turtledemo' --exclude='lib/python*/lib-dynload/_tkinter*' \
      --exclude='lib/python*/config-*' --exclude='lib/python*/site-packages/*' --exclude='*.a' \
      -cf - bin/python"$v" lib include | tar -C "$c" -xf -
    grep -rlI -- "$dir" "$c" | xargs -r sed -i "s#$dir#/usr/local#g"
    ! command -v strip >/dev/null || find "$c" -name '*.so*' -type f -exec strip --strip-unneeded {} +
    ln -s "python$v" "$c/bin/python3" && ln -s python3 "$c/bin/python"
    "$dir/bin/python$v" -m zipfile -e "$c/lib/python$v"/ensurepip/_bundled/pip-*.whl "$c/lib/python$v/site-packages/"
    printf '#!/usr/local/bin/python%s\nimport sys\nfrom pip._internal.cli.main import main\nsys.exit(main())\n' "$v" >"$c/bin/pip$v"
    chmod +x "$c/bin/pip$v" && ln -s "pip$v" "$c/bin/pip3" && ln -s pip3 "$c/bin/pip"
    cat >"$d" <<-D
	$BASE_STEPS
	COPY $v/ /usr/local/
	RUN ldconfig
	ENV PYTHON_VERSION=${dir##*/}
	CMD ["python3"]
	D
  elif [ "$v" = 3.11 ]; then
    cat >"$d" <<-D
	FROM debian:bookworm-slim
	ENV LANG=C.UTF-8
	RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates netbase tzdata python3 python3-venv python3-pip && rm -rf /var/lib/apt/lists/*
	$CA_STEPS
	RUN rm -f /usr/lib/python3.11/EXTERNALLY-MANAGED && for p in python python3 python3.11; do ln -s /usr/bin/python3.11 /usr/local/bin/\$p; done
	CMD ["python3"]
	D
  else
    suite_of "$v"
    [ -n "$SUITE" ] || die "no python $v here: neither pyenv nor Debian 12, trixie or sid has it"
    tag=python:$v-slim
    image_there "$tag" && return
    say "making a $SUITE root file system for python $v"
    make_rootfs "$SUITE" "$CTX/rootfs.tar" --include=ca-certificates,netbase,tzdata,python3,python3-venv,python3-pip ||
      die "mmdebstrap failed: $(grep '^E:' "$HOME_DIR/log/mmdebstrap-$SUITE" | head -1)"
    docker import "$CTX/rootfs.tar" "mlc-rootfs:$SUITE" >/dev/null || die "cannot import the $SUITE root file system"
    rm -f "$CTX/rootfs.tar"
    cat >"$d" <<-D
	FROM mlc-rootfs:$SUITE
	ENV LANG=C.UTF-8
	$CA_STEPS
	RUN rm -f /usr/lib/python3*/EXTERNALLY-MANAGED && for p in python python3 python$v; do ln -s /usr/bin/python$v /usr/local/bin/\$p; done
	CMD ["python3"]
	D
  fi
  docker buildx build --progress=plain --provenance=false -t "$tag" -t "python:$v-slim" -f "$d" "$CTX" \
    >"$HOME_DIR/log/python-$v" 2>&1 || die "building $tag failed: $(grep -E 'ERROR' "$HOME_DIR/log/python-$v" | tail -1)"
  docker run --rm "$tag" sh -c "python -c 'import ssl, sqlite3, ctypes, bz2, lzma, zlib, sys; assert sys.version.startswith(\"$v.\")' && pip --version" \
    >>"$HOME_DIR/log/python-$v" 2>&1 || die "$tag does not work: $(tail -1 "$HOME_DIR/log/python-$v")"
  rm -rf "$c"
  say "image $tag from ${dir:-Debian ${SUITE:-bookworm}}"
}
if [ "$PYTHONS" = auto ]; then
  PYTHONS=3.11
  for v in 3.10 3.12 3.13 3.14 3.15; do
    ! compgen -G "${PYENV_ROOT:-${HOME:-/root}/.pyenv}/versions/$v.*/bin/python$v" >/dev/null || PYTHONS+=" $v"
  done
fi
for v in $PYTHONS; do build_python "$v"; done
for a in $ALIASES; do image_there "${a%%=*}" || docker tag "${a#*=}" "${a%%=*}" || die "cannot tag $a"; done
rm -rf "$CTX"

# The registry also holds the base images, so that an empty engine pulls them by
# their official names through the registry-mirrors setting.
if [ "$PORT" != 0 ]; then
  for name in debian:bookworm-slim $(docker image ls --format '{{.Repository}}:{{.Tag}}' python); do
    stamp=$HOME_DIR/registry/.pushed-${name//[:\/]/_}
    id=$(docker image inspect -f '{{.Id}}' "$name")
    [ "$(cat "$stamp" 2>/dev/null)" = "$id" ] && continue
    docker tag "$name" "$REGISTRY/library/$name" && docker push -q "$REGISTRY/library/$name" >/dev/null || die "cannot push $name to $REGISTRY"
    docker rmi "$REGISTRY/library/$name" >/dev/null
    mkdir -p "$HOME_DIR/registry" && echo "$id" >"$stamp"
  done
fi

{
  echo "# Written by up.sh; source it to use this engine."
  echo "export PATH=\"$BIN:\$PATH\" DOCKER_HOST=\"$HOST\" MLC_REGISTRY=\"$REGISTRY\""
  [ "$PREFIX" = /usr/local ] || echo "export DOCKER_CONFIG=\"$HOME_DIR/config\""
} >"$HOME_DIR/env.sh"
say "ready: . $HOME_DIR/env.sh"
