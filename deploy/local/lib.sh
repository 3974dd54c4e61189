# What up, down, test and bench share. Sourced, not run.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
state=$root/.local

die() {
  printf '%s\n' "$*" >&2
  exit 1
}

# Whether a supervisor holds the lock, which the kernel gives back however it ends.
is_running() {
  [[ -e $state/lock ]] || return
  local status=0
  flock --nonblock --conflict-exit-code 75 "$state/lock" true || status=$?
  ((status == 75))
}

has_library() { # pkg-config name, header
  pkg-config --exists "$1" 2>/dev/null || [[ -e $2 ]]
}

# The packages that are needed and not there, one a line.
missing_packages() { # more tests, which print the names of their packages
  command -v pkg-config >/dev/null || echo pkg-config
  has_library rdkafka /usr/include/librdkafka/rdkafka.h || echo librdkafka-dev
  has_library libpq /usr/include/postgresql/libpq-fe.h || echo libpq-dev
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null ||
    command -v initdb >/dev/null || echo postgresql
  for more in "$@"; do "$more"; done
}

# Python that can make environments.
missing_python() {
  command -v python3 >/dev/null && python3 -c 'import ensurepip, venv' 2>/dev/null ||
    echo python3-venv
}

install_what_is_missing() { # as for missing_packages
  command -v swift >/dev/null ||
    die 'needs the Swift toolchain, 6.2 or newer: https://www.swift.org/install/linux'
  local packages sudo=() log=$state/logs/install.log
  mapfile -t packages < <(missing_packages "$@")
  ((${#packages[@]})) || return 0
  command -v apt-get >/dev/null || die "needs, by their names on Debian: ${packages[*]}"
  if ((EUID != 0)); then
    sudo -n true 2>/dev/null ||
      die "needs ${packages[*]}; run: sudo apt-get install -y ${packages[*]}"
    sudo=(sudo -n)
  fi
  echo "Installing ${packages[*]} (log: $log)"
  mkdir -p "$state/logs"
  # Debian's package would also start a server of its own, which nobody here asked for.
  local config=/etc/postgresql-common/createcluster.conf
  if [[ " ${packages[*]} " == *' postgresql '* && ! -e $config ]]; then
    "${sudo[@]}" mkdir -p "${config%/*}"
    echo 'create_main_cluster = false' | "${sudo[@]}" tee "$config" >/dev/null
  fi
  {
    "${sudo[@]}" apt-get update -q &&
      "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1 \
        apt-get install -y -q --no-install-recommends "${packages[@]}"
  } >"$log" 2>&1 || {
    tail -n 15 "$log" >&2
    die "could not install ${packages[*]}; the whole log is $log"
  }
}

# Sets SLUICE_TEST_PYTHON to a Python with what checks of documents and statistics need, unless it is set.
prepare_python() {
  [[ -z ${SLUICE_TEST_PYTHON:-} ]] || return 0
  local log=$state/logs/python.log
  mkdir -p "$state/logs"
  if "$root/Tests/Documents/prepare" "$state/python" >"$log" 2>&1; then
    export SLUICE_TEST_PYTHON=$state/python/bin/python
  else
    tail -n 5 "$log"
    echo "No Python for the checks of documents and statistics, which are skipped; the whole log: $log"
  fi
}

# Sets SLUICE_BENCH_PYTHON to a Python with the peers that the benchmarks compare with, unless it is
# set.
prepare_peers() {
  [[ -z ${SLUICE_BENCH_PYTHON:-} ]] || return 0
  local folder=$state/peers log=$state/logs/peers.log
  local requirements=$root/Tests/Benchmarks/Peers/requirements.txt
  mkdir -p "$state/logs"
  if ! cmp -s "$requirements" "$folder/made-from"; then
    rm -rf "$folder"
    {
      python3 -m venv "$folder" &&
        "$folder/bin/python" -m pip --disable-pip-version-check --quiet install -r "$requirements" &&
        cp "$requirements" "$folder/made-from"
    } >"$log" 2>&1 || {
      tail -n 5 "$log" >&2
      echo "No Python for the peers, which are skipped; the whole log: $log" >&2
      return 0
    }
  fi
  export SLUICE_BENCH_PYTHON=$folder/bin/python
}

# Puts promtool on the PATH, unless it is there, out of Debian's package: installed, that would start
# a server which nobody here asked for.
prepare_promtool() {
  local folder=$state/prometheus log=$state/logs/promtool.log
  PATH=$PATH:$folder/usr/bin
  ! command -v promtool >/dev/null || return 0
  rm -rf "$folder"
  mkdir -p "$folder" "$state/logs"
  (
    cd "$folder" && apt-get download prometheus && dpkg-deb -x prometheus_*.deb . &&
      rm prometheus_*.deb
  ) >"$log" 2>&1 || {
    tail -n 5 "$log"
    echo "No promtool for the checks of metrics and alerts, which are skipped; the whole log: $log"
  }
}
