#!/usr/bin/env bash
# down.sh: stop what up.sh started (engine and registry), by pid. An engine that
# up.sh only found and used is left running. With --purge also remove its data.
# Settings: MLC_ENGINE_HOME, MLC_ENGINE_RUN (as in up.sh).
set -euo pipefail
HOME_DIR=${MLC_ENGINE_HOME:-/var/lib/mlc-engine}
RUN_DIR=${MLC_ENGINE_RUN:-/run/mlc-engine}
case ${1-} in '' | --purge) ;; *) echo "usage: down.sh [--purge]" >&2; exit 2 ;; esac

stop() { # pid file, program name
  local pid i
  pid=$(cat "$1" 2>/dev/null) || { echo "$2: not started by up.sh"; return 0; }
  if [ "$(basename "$(readlink "/proc/$pid/exe" 2>/dev/null | sed "s/ (deleted)//")" 2>/dev/null)" != "$2" ]; then
    echo "$2: not running"
    rm -f "$1"
    return 0
  fi
  kill "$pid"
  for ((i = 0; i < 150; i++)); do
    [ -d "/proc/$pid" ] || { echo "$2: stopped"; rm -f "$1"; return 0; }
    sleep 0.2
  done
  echo "down.sh: $2 (pid $pid) did not stop in 30 s" >&2
  return 1
}
stop "$RUN_DIR/docker.pid" dockerd
# A dockerd that was killed leaves its containerd behind.
[ ! -e "$RUN_DIR/exec/containerd/containerd.pid" ] || stop "$RUN_DIR/exec/containerd/containerd.pid" containerd
stop "$RUN_DIR/registry.pid" docker-registry
if read -r bridge subnet 2>/dev/null <"$HOME_DIR/bridge"; then
  iptables -w -t nat -D POSTROUTING -s "$subnet" ! -o "$bridge" -j MASQUERADE 2>/dev/null || true
  for way in -i -o; do iptables -w -D FORWARD "$way" "$bridge" -j ACCEPT 2>/dev/null || true; done
  ip link delete "$bridge" 2>/dev/null || true
  rm -f "$HOME_DIR/bridge"
fi
if [ "${1-}" = --purge ]; then
  # Leave nothing mounted below the data before removing it.
  awk '{print $2}' /proc/mounts | grep -E "^($HOME_DIR|$RUN_DIR)/" | sort -r | xargs -r umount -l || true
  rm -rf -- "$HOME_DIR" "$RUN_DIR"
  echo "data removed"
fi
