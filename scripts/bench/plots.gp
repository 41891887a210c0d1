# Plots of summary.tsv as SVG; called by report.sh with `summary` and `out` (a directory).
#
#   cpu, throughput, latency   over the number of connections; a panel per pipeline depth and body
#   connections                cost and rate of setting up, memory when idle; a bar per proxy
#   streams                    opaque streams: messages, set-up, bulk; a bar per proxy

known = "haproxy nginx finishline finishline-2w"
colours = "#7a8793 #3a9d5d #d1495b #edae49"
sizes = "1-40B 8-40B 1-4KiB 8-4KiB"

# Lines "connections median least most" of one curve, by connections.
curve(proxy, metric, size) = sprintf("< awk -F'\t' '$2 == \"%s\" && $3 == \"%s\" && $1 ~ /^[0-9]+x%s$/ { print $1 + 0, $5, $6, $7 }' %s | sort -n", proxy, metric, size, summary)
# Lines "place median least most" of the bars of a panel; nothing when the case did not run.
bars(case, metric) = sprintf("< awk -F'\t' -v known='%s' 'BEGIN { n = split(known, name, \" \"); for (i = 1; i <= n; i++) place[name[i]] = i } $1 == \"%s\" && $3 == \"%s\" && $2 in place { print place[$2], $5, $6, $7 }' %s", known, case, metric, summary)
some(command) = int(system(command[3:*] . " | wc -l")) > 0

# The places in `known` of the proxies that were measured.
measured = ""
do for [i = 1:words(known)] {
  if (some(sprintf("< awk '$2 == \"%s\" && $1 !~ /^stream/' %s", word(known, i), summary))) { measured = measured . " " . i }
}
place(i) = int(word(measured, i))

set terminal svg size 1100,780 dynamic enhanced font "Helvetica,13" background "#ffffff"
set border 3 lc rgb "#555555"
set tics nomirror textcolor rgb "#333333"
set grid ytics lc rgb "#dddddd" lt 1
set key above maxrows 1 samplen 1.5 font ",11" textcolor rgb "#333333"
set style data yerrorlines
do for [i = 1:4] { set style line i lw 2 pt 7 ps 0.6 lc rgb word(colours, i) }
set style line 4 dashtype 2

# --- over the number of connections ---------------------------------------------------------------
set logscale xy
set format "%g"
set xlabel "connections"
set xrange [0.8:5500]
set xtics (1, 16, 64, 256, 1024, 4096)
set ytics (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, "10 k" 10000, "20 k" 20000, "50 k" 50000, \
           "100 k" 100000, "200 k" 200000, "500 k" 500000, "1 M" 1000000, "2 M" 2000000)

metrics = "cpu_us rps p99_us"
files = "cpu throughput latency"
array titles[3] = ["CPU time of the proxy per request, µs", "requests per second", "99th percentile of latency, µs"]
do for [m = 1:3] {
  set output sprintf("%s/%s.svg", out, word(files, m))
  set multiplot layout 2,2 title titles[m] font "Helvetica,16"
  do for [s = 1:4] {
    size = word(sizes, s)
    set title sprintf("pipeline %s, %s", size[1:1], size[3:*] eq "40B" ? "40 bytes" : "4 KiB bodies")
    if (some(sprintf("< awk '$1 ~ /^[0-9]+x%s$/' %s", size, summary))) {
      plot for [i = 1:words(measured)] curve(word(known, place(i)), word(metrics, m), size) using 1:2:3:4 ls place(i) title word(known, place(i))
    } else {
      set multiplot next
    }
  }
  unset multiplot
}

# --- bars -----------------------------------------------------------------------------------------
unset logscale
unset key
unset xlabel
set style data boxes
set style fill solid 0.85
set yrange [0:*]
set xtics scale 0 font ",10"
set ytics auto

set terminal svg size 1100,420 dynamic enhanced font "Helvetica,13" background "#ffffff"
array shades[4] = [0x7a8793, 0x3a9d5d, 0xd1495b, 0xedae49]
set xrange [0.4:4.6]
set xtics ("haproxy" 1, "nginx" 2, "finishline" 3, "2 workers" 4)
cases = "setup setup idle"
metrics = "cpu_us rps connection_bytes"
array headings[3] = ["CPU per connection with one request, µs", "such connections per second", "memory per idle connection, bytes"]
set output out . "/connections.svg"
set multiplot layout 1,3
do for [m = 1:3] {
  set title headings[m]
  panel = bars(word(cases, m), word(metrics, m))
  if (some(panel)) {
    plot panel using 1:2:(0.6):(shades[$1]) lc rgb variable, \
         panel using 1:3:(0):($4 - $3) with vectors nohead lw 2 lc rgb "#555555"
  } else {
    set multiplot next
  }
}
unset multiplot

known = "haproxy haproxy-splice nginx nginx-256k finishline"
array shades[5] = [0x7a8793, 0xb4bcc3, 0x3a9d5d, 0x93cba6, 0xd1495b]
set terminal svg size 1100,780 dynamic enhanced font "Helvetica,13" background "#ffffff"
set xrange [0.4:5.6]
set xtics ("haproxy" 1, "splice" 2, "nginx" 3, "256 KiB" 4, "finishline" 5)
cases = "stream-64x1-40B stream-setup stream-redis stream-bulk-1 stream-bulk-16 stream-bulk-16"
metrics = "cpu_us cpu_us rps gb_s gb_s cpu_s_gib"
array heads[6] = ["CPU per message of 40 bytes, µs", "CPU to connect, ask once and close, µs", "redis-benchmark, requests per second", \
                  "bulk, 1 connection, GB/s", "bulk, 16 connections, GB/s", "bulk, 16 connections, CPU s per GiB"]
set output out . "/streams.svg"
set multiplot layout 2,3 title "Opaque streams" font "Helvetica,16"
do for [m = 1:6] {
  set title heads[m]
  panel = bars(word(cases, m), word(metrics, m))
  if (some(panel)) {
    plot panel using 1:2:(0.6):(shades[$1]) lc rgb variable, \
         panel using 1:3:(0):($4 - $3) with vectors nohead lw 2 lc rgb "#555555"
  } else {
    set multiplot next
  }
}
unset multiplot
