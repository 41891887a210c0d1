# In: goals.tsv, then the output of summary.awk. Out: the report for people.
BEGIN {
  FS = "\t"
  columns = split("rps cpu_us p50_us p99_us p999_us memory_kib connection_bytes gb_s cpu_s_gib", column, " ")
  split("requests/s|CPU us/request|p50 us|p99 us|p99.9 us|memory KiB|bytes/connection|GB/s|CPU s/GiB", title, "|")
}
FILENAME ~ /goals/ {
  if ($0 !~ /^#/ && NF == 6) goals[++goal_count] = $0
  next
}
{
  if (!($1 in seen_case)) cases[++case_count] = $1
  if (!($2 in seen_proxy)) proxies[++proxy_count] = $2
  seen_case[$1] = seen_proxy[$2] = 1
  median[$1, $2, $3] = $5
  spread[$1, $2, $3] = number($6) ".." number($7)
}
END {
  for (c = 1; c <= case_count; c++) print_case(cases[c])
  if (most_other > 0.2) {
    printf "\nother work kept up to %.1f cores busy: of these numbers trust CPU per request, memory and the ratios of both\n", most_other
  }
  print_goals()
}

function number(value) {
  if (value >= 100) return sprintf("%d", value + 0.5)
  return sprintf(value >= 10 ? "%.1f" : "%.2f", value)
}

# The widest spread stands with throughput and CPU; latencies and memory show medians alone.
function width(i) { return i <= 2 || i >= 7 ? 26 : 12 }

function print_case(name,    i, p, line) {
  line = sprintf("\n%-20s", name)
  for (i = 1; i <= columns; i++) if (has(name, column[i])) line = line sprintf("%" width(i) "s", title[i])
  print line (has(name, "machine") ? "   cores: proxy client server  other  held back by" : "")
  for (p = 1; p <= proxy_count; p++) if (ran(name, proxies[p])) print_proxy(name, proxies[p])
}

function ran(name, proxy) {
  return ((name, proxy, "memory_kib") in median) || ((name, proxy, "cpu_us") in median) || ((name, proxy, "gb_s") in median)
}

function has(name, metric,    p) {
  for (p = 1; p <= proxy_count; p++) if ((name, proxies[p], metric) in median) return 1
  return 0
}

function print_proxy(name, proxy,    i, line, p) {
  line = sprintf("  %-18s", proxy)
  for (i = 1; i <= columns; i++) {
    if ((name, proxy, column[i]) in median) line = line sprintf("%" width(i) "s", cell(name, proxy, i))
  }
  if ((name, proxy, "machine") in median) line = line cores(name, proxy)
  print line
  if (proxy !~ /^finishline/) return
  for (p = 1; p <= proxy_count; p++) if (proxies[p] !~ /^finishline/) print_ratio(name, proxy, proxies[p])
}

function cell(name, proxy, i,    value) {
  value = number(median[name, proxy, column[i]])
  return width(i) > 12 ? value " (" spread[name, proxy, column[i]] ")" : value
}

function print_ratio(name, proxy, base,    i, line) {
  if (!ran(name, base)) return
  line = sprintf("    to %-13s", base)
  for (i = 1; i <= columns; i++) {
    if ((name, proxy, column[i]) in median) {
      line = line sprintf("%" width(i) "s", sprintf("%.2f x", ratio(name, proxy, base, column[i])))
    }
  }
  print line
}

function ratio(name, proxy, base, metric) {
  return median[name, base, metric] ? median[name, proxy, metric] / median[name, base, metric] : 0
}

# How many cores' worth each kept busy (of the servers the busiest), and who had no room left.
function cores(name, proxy,    own, client, server, other, room, who) {
  own = median[name, proxy, "proxy_cores"]
  client = median[name, proxy, "client_cores"]
  server = median[name, proxy, "server_cores"]
  other = median[name, proxy, "other_cores"]
  room = proxy == "finishline-2w" ? 2 : 1
  if (other > most_other) most_other = other
  if (own >= 0.9 * room) who = "proxy"
  else if (client >= 0.9) who = "CLIENT"
  else if (server >= 0.9) who = "SERVER"
  else who = median[name, proxy, "machine"] >= 0.95 ? "machine" : "waiting"
  return sprintf("%15.2f %6.2f %6.2f %6.2f  %s", own, client, server, other, who)
}

function print_goals(    g, f, value, met) {
  print "\ngoals (design, section 8)" sprintf("%37s%12s", "measured", "wanted")
  for (g = 1; g <= goal_count; g++) {
    split(goals[g], f, "\t")  # case, proxy, metric, base, relation, limit
    if (!((f[1], f[2], f[3]) in median) || (f[4] != "-" && !((f[1], f[4], f[3]) in median))) continue
    value = f[4] == "-" ? median[f[1], f[2], f[3]] : ratio(f[1], f[2], f[4], f[3])
    value = number(value) + 0  # judged as printed
    met = f[5] == "<=" ? value <= f[6] : value >= f[6]
    printf "  %-48s%12s%12s  %s\n", f[1] " " f[3] " " f[2] (f[4] == "-" ? "" : " to " f[4]), number(value),
      f[5] " " f[6], met ? "met" : "MISSED"
  }
}
