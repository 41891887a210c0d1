# In: case, proxy, round, metric, value, a line per run and metric.
# Out: case, proxy, metric, runs, median, least, most; in order of first appearance.
BEGIN { FS = OFS = "\t" }
{
  key = $1 OFS $2 OFS $4
  if (!(key in runs)) keys[++count] = key
  values[key, ++runs[key]] = $5 + 0
}
END {
  for (k = 1; k <= count; k++) {
    n = sort(keys[k])
    median = n % 2 ? sorted[(n + 1) / 2] : (sorted[n / 2] + sorted[n / 2 + 1]) / 2
    print keys[k], n, median, sorted[1], sorted[n]
  }
}

# Puts the values of a key into sorted[1..n] and returns n: insertion, for a handful of runs.
function sort(key,    i, j, n) {
  n = runs[key]
  for (i = 1; i <= n; i++) {
    for (j = i; j > 1 && sorted[j - 1] > values[key, i]; j--) sorted[j] = sorted[j - 1]
    sorted[j] = values[key, i]
  }
  return n
}
