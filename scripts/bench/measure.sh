# What /proc tells about the processes of a proxy: CPU time, memory. Sourced by scripts/bench.sh.
# All numbers of a process are sums over its threads, those of a tree over the process and its descendants.

# tree_of PID: the pid and those of all its descendants, parents first.
tree_of() {
  local -A children=()
  local stat line pid parent queue=("$1")
  for stat in /proc/[0-9]*/stat; do
    { read -r line <"$stat"; } 2>/dev/null || continue
    pid=${line%% *}
    # After the name, which may hold anything, come the state and the parent.
    read -r _ parent _ <<<"${line##*) }"
    children[$parent]+=" $pid"
  done
  while [[ ${#queue[@]} -gt 0 ]]; do
    echo "${queue[0]}"
    # shellcheck disable=SC2206
    queue=("${queue[@]:1}" ${children[${queue[0]}]:-})
  done
}

# cpu_ns PID...: nanoseconds on a core, user and system, of threads that live: the scheduler's own account,
# where utime and stime count in ticks of 10 ms.
cpu_ns() {
  local pid task ns sum=0
  for pid in "$@"; do
    [[ -d /proc/$pid ]] || die "process $pid ended in the middle of the benchmark"
    for task in /proc/"$pid"/task/*/schedstat; do
      if { read -r ns _ <"$task"; } 2>/dev/null; then sum=$((sum + ns)); fi
    done
  done
  echo "$sum"
}

# memory_kib PID...: resident memory; a page shared by n processes counts 1/n in each (Pss).
memory_kib() {
  local pid key kib sum=0
  for pid in "$@"; do
    while read -r key kib _; do
      if [[ $key == Pss: ]]; then sum=$((sum + kib)); fi
    done <"/proc/$pid/smaps_rollup"
  done
  echo "$sum"
}

# machine_ticks: "BUSY ALL" of all cores since boot, whoever kept them busy; time taken by other guests of
# the machine (steal) counts as busy.
machine_ticks() {
  local user nice system idle iowait irq softirq steal
  read -r _ user nice system idle iowait irq softirq steal _ </proc/stat
  local busy=$((user + nice + system + irq + softirq + steal))
  echo "$busy $((busy + idle + iowait))"
}
